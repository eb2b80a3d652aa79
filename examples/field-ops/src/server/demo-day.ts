import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { mfis, type Operator } from './operators.ts';
import type { agents, deliveries, disbursements } from './tables.ts';
import { type Region, villagesAround } from './villages.ts';

/** How large a demo day is, for each operator. */
export interface DemoSize {
  readonly agents: number;
  readonly deliveries: number;
}

export interface DemoDay {
  readonly agents: (typeof agents.$inferInsert)[];
  readonly deliveries: (typeof deliveries.$inferInsert)[];
  readonly disbursements: (typeof disbursements.$inferInsert)[];
}

const seed = 20_261_122;
/** Paid out and collected in these amounts, in whole rupees. */
const loansRupees = [15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 60_000, 80_000] as const;
const instalmentsRupees = [550, 725, 980, 1_150, 1_240, 1_500, 1_875, 2_200, 2_650, 3_100] as const;
const firstNames = [
  ...[
    'Asha',
    'Sunita',
    'Rekha',
    'Meena',
    'Lakshmi',
    'Savitri',
    'Geeta',
    'Kavita',
    'Anita',
    'Pushpa',
    'Radha',
    'Shanti',
  ],
  ...['Ramesh', 'Suresh', 'Mahesh', 'Anil', 'Vijay', 'Sanjay', 'Manoj', 'Rajesh', 'Arun', 'Dinesh', 'Murugan', 'Selvi'],
] as const;
const lastNames = {
  Bihar: ['Devi', 'Kumari', 'Kumar', 'Yadav', 'Paswan', 'Prasad', 'Sah', 'Mahto', 'Khatoon', 'Ansari'],
  Maharashtra: ['Patil', 'Jadhav', 'Shinde', 'Pawar', 'Kamble', 'Gaikwad', 'More', 'Shaikh', 'Chavan', 'Kulkarni'],
  'Tamil Nadu': [
    'Murugesan',
    'Selvam',
    'Raman',
    'Kannan',
    'Pandian',
    'Arumugam',
    'Devaraj',
    'Natarajan',
    'Mohan',
    'Rajan',
  ],
} as const;

/**
 * A day of made-up customers, loans and amounts in real villages. The same seed gives the same day at every start.
 *
 * @param date the day everything is due on, `YYYY-MM-DD`
 */
export function demoDay(
  { tenant, state }: Operator,
  regions: readonly Region[],
  date: string,
  size: DemoSize,
): DemoDay {
  const generator = xoroshiro128plus(seed + tenant.length * 1000 + tenant.charCodeAt(0));
  const below = (count: number) => uniformInt(generator, 0, count - 1);
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[below(from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  };
  const person = () => `${pick(firstNames)} ${pick<string>(lastNames[state])}`;
  // India sets no numbers aside for fiction; no subscriber number begins with 0, so these reach nobody.
  const phone = () => `+9100000${String(below(100_000)).padStart(5, '0')}`;
  const numbered = (letter: string, at: number, digits: number) => `${letter}${String(at + 1).padStart(digits, '0')}`;

  const day: DemoDay = { agents: [], deliveries: [], disbursements: [] };
  const routes: { agentId: string; region: Region; villages: Region['villages'] }[] = [];
  for (let at = 0; at < size.agents; at++) {
    const region = regions[at % regions.length];
    if (region === undefined) throw new RangeError(`${tenant} has no regions`);
    const agentId = numbered('a', at, 2);
    day.agents.push({ tenant, id: agentId, name: person(), phone: phone(), regionId: region.id, active: true });
    const first = below(Math.max(1, region.villages.length - 8));
    routes.push({ agentId, region, villages: villagesAround(region.villages, first, 8) });
  }
  for (let at = 0; at < size.deliveries; at++) {
    const { agentId, region, villages } = routes[at % routes.length] ?? pick(routes);
    const id = numbered('d', at, 4);
    const village = pick(villages);
    const mfiId = pick(mfis);
    const loanId = `${mfiId.toUpperCase()}-${tenant.slice(0, 2).toUpperCase()}-${numbered('', at, 5)}`;
    const kind = below(10) < 3 ? 'disbursement' : 'collection';
    const amountPaise = 100 * pick(kind === 'disbursement' ? loansRupees : instalmentsRupees);
    day.deliveries.push({
      ...{
        tenant,
        id,
        kind,
        status: 'pending',
        agentId,
        regionId: region.id,
        village: village.name,
        pincode: village.pincode,
      },
      ...{ customerName: person(), customerPhone: phone(), mfiId, loanId, amountPaise, dueOn: date },
      instalmentNo: kind === 'collection' ? 1 + below(24) : null,
    });
    if (kind === 'disbursement') {
      day.disbursements.push({
        tenant,
        id: id.replace('d', 'b'),
        deliveryId: id,
        mfiId,
        loanId,
        amountPaise,
        regionId: region.id,
        status: 'open',
      });
    }
  }
  return day;
}
