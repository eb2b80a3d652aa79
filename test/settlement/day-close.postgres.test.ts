import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let pg: FreshDatabase;
let fieldOps: FieldOps;
let sql: postgres.Sql;
const date = '2026-11-22';

interface Agent {
  agentId: string;
  regionId: string;
  state: string;
  late: number | null;
  cashPaise: number;
  ledgerCount: number;
  collectedDifferencePaise: number | null;
}

beforeAll(async () => {
  pg = await freshDatabase();
  fieldOps = await startFieldOps({ url: pg.url, clock: () => new Date(`${date}T12:00:00Z`) });
  sql = postgres(pg.url, { onnotice: () => {}, max: 2 });
});
afterAll(async () => {
  await sql.end();
  await fieldOps.close();
  await pg.drop();
});

/** Has an agent collect its first pending instalment. @returns its amount */
async function collect(agent: string): Promise<number> {
  const [row] = await sql<{ id: string; amount: number }[]>`
    select id, amount_paise::int as amount from deliveries
    where tenant = 'pennco' and agent_id = ${agent} and kind = 'collection' and status = 'pending' order by id limit 1`;
  const args = { amountPaise: row?.amount, confirmedAt: `${date}T10:00:00Z` };
  const answer = await mutate(agent, `/api/v1/deliveries/${row?.id}/confirm`, args);
  if (answer.status !== 200) throw new Error(answer.text);
  return row?.amount ?? 0;
}
const mutate = async (agent: string, path: string, args: object) =>
  fieldOps.post(path, await fieldOps.token(agent, 'agent'), args, { 'idempotency-key': crypto.randomUUID() });
const close = (agent: string, collectedPaise: number, count: number) =>
  mutate(agent, '/v1/mutations/closeDay', { date, collectedPaise, disbursedPaise: 0, count });

test('who has closed, who fits, what came late, and the cash in hand; regions are the sums of their agents', async () => {
  const [a01, a02] = [await collect('a01'), await collect('a02')];
  await close('a01', a01, 1);
  await close('a02', a02 - 10_000, 1);
  // From a phone that was away when the day was closed.
  const late = await collect('a02');
  const a03 = await collect('a03');
  await sql`update deliveries set status = 'cancelled' where tenant = 'pennco' and agent_id = 'a04'`;

  const token = await fieldOps.token('ops', 'ops');
  const agents: Agent[] = [];
  for (let next: string | null = ''; next !== null;) {
    const page: { agents: Agent[]; next: string | null } = (
      await fieldOps.get(`/api/v1/day-close/agents?date=${date}&limit=3&cursor=${next}`, token)
    ).body as { agents: Agent[]; next: string | null };
    agents.push(...page.agents);
    next = page.next;
  }
  expect(agents).toMatchObject([
    { agentId: 'a01', state: 'fits', late: 0, cashPaise: a01, collectedDifferencePaise: 0 },
    { agentId: 'a02', state: 'differs', late: 1, cashPaise: a02 + late, collectedDifferencePaise: -10_000 - late },
    { agentId: 'a03', state: 'open', late: null, cashPaise: a03, collectedDifferencePaise: null },
    { agentId: 'a04', state: 'idle', cashPaise: 0 },
  ]);

  const { regions } = (await fieldOps.get(`/api/v1/day-close/regions?date=${date}`, token)).body as {
    regions: (Record<string, number> & { regionId: string })[];
  };
  for (const region of regions) {
    const own = agents.filter(({ regionId }) => regionId === region.regionId);
    expect(region).toMatchObject({
      agents: own.length,
      cashPaise: own.reduce((sum, { cashPaise }) => sum + cashPaise, 0),
      ledgerCount: own.reduce((sum, { ledgerCount }) => sum + ledgerCount, 0),
      ...Object.fromEntries(
        ['fits', 'differs', 'open', 'idle'].map((state) => [state, own.filter((one) => one.state === state).length]),
      ),
    });
  }
  expect(regions.reduce((sum, { agents: count = 0 }) => sum + count, 0)).toBe(4);

  // The day before has none of it, but the next one begins with the cash that was carried.
  const dayOf = async (day: string) =>
    ((await fieldOps.get(`/api/v1/day-close/agents?date=${day}`, token)).body as { agents: Agent[] }).agents[0];
  expect(await dayOf('2026-11-21')).toMatchObject({ agentId: 'a01', state: 'idle', cashPaise: 0 });
  expect(await dayOf('2026-11-23')).toMatchObject({ agentId: 'a01', state: 'idle', cashPaise: a01 });
});

test('the cash of an agent whose row another program deleted is still there, for who oversees all', async () => {
  await collect('a03');
  const cashOf = async (account: string) => {
    const [row] = await sql<{ cash: number }[]>`
      select sum(case kind when 'debit' then amount_paise else -amount_paise end)::int as cash from ledger_entries
      where tenant = 'pennco' and account_id like ${account}`;
    return row?.cash;
  };
  const [gone] = await sql`delete from agents where tenant = 'pennco' and id = 'a03' returning region_id`;
  const seen = async (kind: string, tenant = 'pennco', regions = ['*']) => {
    const token = await fieldOps.token('ops', 'ops', tenant, { regions });
    return (await fieldOps.get(`/api/v1/day-close/${kind}?date=${date}`, token)).body as {
      agents: Agent[];
      regions: { cashPaise: number }[];
    };
  };
  const nameless = {
    agentId: 'a03',
    name: 'a03',
    regionId: '',
    state: 'open',
    cashPaise: await cashOf('agent_cash:a03'),
  };
  expect((await seen('agents')).agents).toContainEqual(expect.objectContaining(nameless));
  const cash = (await seen('regions')).regions.reduce((sum, { cashPaise }) => sum + cashPaise, 0);
  expect(cash).toBe(await cashOf('agent_cash:%'));
  const others = [await seen('agents', 'pennco', [String(gone?.['region_id']), '']), await seen('agents', 'vishi')];
  expect(others.flatMap(({ agents }) => agents.filter(({ regionId }) => regionId === ''))).toEqual([]);
});

test('ops see the regions of their token and their own operator, and agents see nothing', async () => {
  const [region] = await sql`select region_id as id from agents where tenant = 'pennco' and id = 'a01'`;
  const some = await fieldOps.token('east', 'ops', 'pennco', { regions: [region?.['id']] });
  const seen = async (token: string, query = '') =>
    (await fieldOps.get(`/api/v1/day-close/agents?date=${date}${query}`, token)) as {
      status: number;
      body: { agents: Agent[] };
    };
  expect(new Set((await seen(some)).body.agents.map(({ regionId }) => regionId))).toEqual(new Set([region?.['id']]));
  expect((await seen(some, '&region=elsewhere')).status).toBe(403);
  expect((await seen(await fieldOps.token('a01', 'agent'))).status).toBe(403);
  expect((await seen(await fieldOps.token('ops', 'ops'), '&state=sideways')).status).toBe(400);
  const theirs = (await seen(await fieldOps.token('ops', 'ops', 'vishi'))).body.agents;
  expect(theirs.map(({ cashPaise }) => cashPaise)).toEqual(theirs.map(() => 0));
});
