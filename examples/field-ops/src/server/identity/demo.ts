import type { Queryable } from '@ekbaar/server';
import { and, asc, eq } from 'drizzle-orm';
import { type Operator, operators } from '../operators.ts';
import type { Region } from '../villages.ts';
import { accounts } from './tables.ts';

/** What everybody of the demo day signs in with. */
export const demoSecrets = { pin: '483920', password: 'ek-baar-demo-2026' } as const;

/** Their hashes: each demo account has the same, so that a thousand agents load as fast as one. */
const hashes = {
  agent: '$argon2id$v=19$m=19456,t=2,p=1$TmUfvX2ctjydDWOqgghlqA$Hwm7DIb9o8s1jmwLSI5zA/vJ7QQNA9BkugOa3jYMpMo',
  office: '$argon2id$v=19$m=19456,t=2,p=1$nEX5fko+GjRhr03MIViUvw$GwwgW3COEGuSFZ72IkEPAnD68RIub6KW+QFV752V594',
} as const;

/** Of each operator: operations, operations of its first district only, and settlement. */
function officeOf(
  { tenant, name }: Operator,
  first: Pick<Region, 'id' | 'district'>,
): Pick<typeof accounts.$inferInsert, 'tenant' | 'id' | 'role' | 'login' | 'name' | 'regions'>[] {
  const login = (who: string) => `${who.toLowerCase()}@${tenant}.example`;
  return [
    { tenant, id: 'ops', role: 'ops', login: login('ops'), name: `${name} operations`, regions: ['*'] },
    {
      ...{ tenant, id: 'ops-region', role: 'ops', login: login(first.district) },
      ...{ name: `${name} ${first.district}`, regions: [first.id] },
    },
    {
      ...{ tenant, id: 'settlement', role: 'settlement', login: login('settlement') },
      ...{ name: `${name} settlement`, regions: ['*'] },
    },
  ];
}

/** The offices' accounts, for who wants to look around; without those that have chosen another secret. */
export async function demoOffice(db: Queryable) {
  const rows = await db
    .select()
    .from(accounts)
    .where(and(eq(accounts.demo, true), eq(accounts.secretHash, hashes.office)))
    .orderBy(asc(accounts.tenant), asc(accounts.id));
  return operators.flatMap(({ tenant: id, name: operator }) =>
    rows
      .filter(({ tenant }) => tenant === id)
      .map(({ tenant, id: sub, role, login, name, regions }) => ({
        tenant,
        operator,
        role,
        sub,
        login,
        name,
        regions,
      })),
  );
}

type DemoAgent = { readonly tenant: string; readonly id: string; readonly name: string; readonly regionId: string };

/** The accounts of one operator's agents and office, which are good as long as the demo is on. */
export async function insertDemoAccounts(
  tx: Queryable,
  {
    operator,
    regions,
    agents,
    now,
  }: {
    readonly operator: Operator;
    readonly regions: readonly Region[];
    readonly agents: readonly DemoAgent[];
    readonly now: Date;
  },
): Promise<void> {
  const [first = { id: '', district: 'office' }] = regions;
  const rows: (typeof accounts.$inferInsert)[] = [
    ...agents.map(({ tenant, id, name, regionId }) => ({
      ...{ tenant, id, role: 'agent' as const, login: id, name, regions: [regionId] },
      ...{ secretHash: hashes.agent, demo: true, createdAt: now },
    })),
    ...officeOf(operator, first).map((one) => ({
      ...one,
      ...{ secretHash: hashes.office, demo: true, createdAt: now },
    })),
  ];
  for (let at = 0; at < rows.length; at += 500)
    await tx
      .insert(accounts)
      .values(rows.slice(at, at + 500))
      .onConflictDoNothing();
}
