import { type Queryable, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { type ItemGroup, itemGroups, type LineGroup, lineGroups } from '../../settlement-answers.ts';
import { deliveries, disbursements } from '../tables.ts';
import { refusalIn } from './refusal.ts';
import { settlementItems, settlementLines } from './tables.ts';

interface LineTotal {
  readonly lines: number;
  /** Whole paise paid, and come back. */
  readonly outPaise: number;
  readonly backPaise: number;
}

interface DisbursementTotal {
  readonly disbursements: number;
  readonly ourPaise: number;
  readonly bankPaise: number;
}

/** See `itemGroups`. */
export const countedGroups = ['later', 'unpaid', 'settledBefore', 'mismatchedBefore'] as const;
type CountedGroup = (typeof countedGroups)[number];

/** What a run found, in numbers. `file` is the sum of the lines' groups, `books` that of the disbursements'. */
export interface RunSummary {
  readonly lines: Readonly<Record<LineGroup, LineTotal>>;
  readonly file: LineTotal;
  readonly disbursements: Readonly<Record<ItemGroup | CountedGroup, DisbursementTotal>>;
  readonly books: DisbursementTotal;
  /** How many have a refusal: see `refusalIn`. Runs that ended before it was counted have none. */
  readonly refused?: number;
}

const noLines: LineTotal = { lines: 0, outPaise: 0, backPaise: 0 };
const nothing: DisbursementTotal = { disbursements: 0, ourPaise: 0, bankPaise: 0 };

/**
 * Adds up a run, in the snapshot in which it was matched.
 *
 * @throws Error when a line or a disbursement is in no group or in two, or money does not add up: then nothing of it may count
 */
export async function summaryOf(tx: Queryable, tenant: string, runId: string, upTo: string): Promise<RunSummary> {
  const own = sql`tenant = ${tenant} and run_id = ${runId}`;
  const lineTotals = await rowsOf<Record<'group' | 'lines' | 'out' | 'back', string | null>>(
    tx,
    sql`select line_group as group, count(*) as lines,
          coalesce(sum(amount_paise) filter (where side = 'out'), 0) as out,
          coalesce(sum(amount_paise) filter (where side = 'back'), 0) as back
        from ${settlementLines} where ${own} group by rollup (line_group)`,
  );
  const itemTotals = await rowsOf<Record<'group' | 'count' | 'ours' | 'banks', string>>(
    tx,
    sql`select item_group as group, count(*) as count, sum(our_paise) as ours, coalesce(sum(bank_paise), 0) as banks
        from ${settlementItems} where ${own} group by item_group`,
  );
  const others = await rowsOf<Record<'group' | 'count' | 'ours', string>>(
    tx,
    sql`select ${countedGroup(upTo)} as group, count(*) as count, sum(d.amount_paise) as ours
        from ${disbursements} d left join ${deliveries} v on v.tenant = d.tenant and v.id = d.delivery_id
        where d.tenant = ${tenant} and not exists (select from ${settlementItems} i
          where i.tenant = d.tenant and i.run_id = ${runId} and i.disbursement_id = d.id)
        group by 1`,
  );
  const [all] = await rowsOf<{ count: string; ours: string }>(
    tx,
    sql`select count(*) as count, coalesce(sum(amount_paise), 0) as ours from ${disbursements} where tenant = ${tenant}`,
  );
  const [refused] = await rowsOf<{ count: string }>(
    tx,
    sql`select count(*) as count from ${settlementItems} where ${own} and ${refusalIn(sql`outcome`, sql`item_group`)} is not null`,
  );
  const lineOf = (group: string): LineTotal => {
    const found = lineTotals.find((row) => row.group === group);
    return found === undefined ? noLines : lineTotal(found);
  };
  const disbursementOf = (group: string): DisbursementTotal => {
    const found = [...itemTotals, ...others.map((row) => ({ ...row, banks: '0' }))].find((row) => row.group === group);
    return found === undefined
      ? nothing
      : { disbursements: Number(found.count), ourPaise: Number(found.ours), bankPaise: Number(found.banks) };
  };
  const lines = Object.fromEntries(lineGroups.map((group) => [group, lineOf(group)])) as RunSummary['lines'];
  const found = Object.fromEntries(
    [...itemGroups, ...countedGroups].map((group) => [group, disbursementOf(group)]),
  ) as RunSummary['disbursements'];
  const summary: RunSummary = {
    lines,
    file: lineTotals.length === 0 ? noLines : sumOfLines(Object.values(lines)),
    disbursements: found,
    books: sumOfDisbursements(Object.values(found)),
    refused: Number(refused?.count ?? 0),
  };
  const grand = lineTotals.filter((row) => row.group === null).map(lineTotal);
  // One row is the sum of all; a second one would be lines without a group.
  const file = grand.length === 1 ? grand[0] : grand.length === 0 ? noLines : undefined;
  assertAddsUp(summary, file, { count: Number(all?.count ?? 0), ours: Number(all?.ours ?? 0) });
  return summary;
}

/** What a disbursement that the run has no row of is to it. */
function countedGroup(upTo: string) {
  return sql`case d.status when 'open' then 'unpaid' when 'reconciled' then 'settledBefore' when 'mismatch' then 'mismatchedBefore'
    else case when ${paidOutAfter(upTo)} then 'later' else 'lost' end end`;
}

/** Paid out after a day of the operator's, `YYYY-MM-DD`. Without a time it counts as paid out by then. */
export function paidOutAfter(upTo: string) {
  return sql`coalesce((v.confirmed_at at time zone 'Asia/Kolkata')::date > ${upTo}::date, false)`;
}

function assertAddsUp(
  { lines, file, disbursements: found, books }: RunSummary,
  total: LineTotal | undefined,
  all: { count: number; ours: number },
): void {
  const says = [
    [file.lines, total?.lines, 'lines'],
    [file.outPaise, total?.outPaise, 'paise paid'],
    [file.backPaise, total?.backPaise, 'paise come back'],
    [books.disbursements, all.count, 'disbursements'],
    [books.ourPaise, all.ours, 'paise of ours'],
    [lines.matched.lines, found.matched.disbursements, 'matched'],
    [lines.matched.outPaise, found.matched.ourPaise, 'paise matched'],
    [lines.matched.outPaise, found.matched.bankPaise, 'paise matched by the bank'],
    [lines.mismatched.outPaise, found.mismatched.bankPaise, 'paise mismatched'],
    [lines.early.outPaise, found.early.bankPaise, 'paise early'],
  ] as const;
  for (const [one, other, what] of says) {
    if (one !== other) throw new Error(`The run does not add up: ${one} and ${other} ${what}`);
  }
}

function lineTotal(row: Record<'lines' | 'out' | 'back', string | null>): LineTotal {
  return { lines: Number(row.lines), outPaise: Number(row.out), backPaise: Number(row.back) };
}

function sumOfLines(totals: readonly LineTotal[]): LineTotal {
  return totals.reduce((sum, { lines, outPaise, backPaise }) => ({
    ...{ lines: sum.lines + lines, outPaise: sum.outPaise + outPaise, backPaise: sum.backPaise + backPaise },
  }));
}

function sumOfDisbursements(totals: readonly DisbursementTotal[]): DisbursementTotal {
  return totals.reduce((sum, one) => ({
    disbursements: sum.disbursements + one.disbursements,
    ourPaise: sum.ourPaise + one.ourPaise,
    bankPaise: sum.bankPaise + one.bankPaise,
  }));
}
