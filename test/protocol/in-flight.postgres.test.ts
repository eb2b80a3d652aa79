import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { addDelivery, confirm, type DeliveryRow, statusOf } from './delivery.ts';
import { device } from './device.ts';
import { problemIn } from './problem.ts';

let database: FreshDatabase;
let ekbaar: FieldOps;
let agent: string;
/** Another program on the same database. */
let other: postgres.Sql;
beforeAll(async () => {
  database = await freshDatabase();
  ekbaar = await startFieldOps({ url: database.url });
  agent = await ekbaar.token('a01', 'agent');
  other = postgres(database.url, { max: 2, onnotice: () => {} });
});
afterAll(async () => {
  await other.end();
  await ekbaar.close();
  await database.drop();
});

/** Runs `meanwhile` while another program holds the delivery's row. */
async function whileLocked({ tenant, id }: DeliveryRow, meanwhile: () => Promise<void>): Promise<void> {
  await other.begin(async (tx) => {
    await tx`select from deliveries where tenant = ${tenant} and id = ${id} for update`;
    await meanwhile();
  });
}

/** Until so many server processes wait for a lock. */
async function waiting(count: number): Promise<void> {
  await expect
    .poll(
      async () =>
        (await other`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)
          .length,
    )
    .toBeGreaterThanOrEqual(count);
}

describe('a key that is being processed right now', () => {
  test('409 in_flight over REST, then the first one’s answer as a replay', async () => {
    const [delivery, key] = [await addDelivery(ekbaar), crypto.randomUUID()];
    const send = () =>
      ekbaar.post('/v1/mutations/confirmDelivery', agent, confirm(delivery).args, { 'idempotency-key': key });
    let first: ReturnType<typeof send> | undefined;
    await whileLocked(delivery, async () => {
      first = send();
      await waiting(1);
      const second = await send();
      expect(problemIn(second).code).toBe('in_flight');
      expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    });
    const answer = await first;
    expect(answer?.status).toBe(200);
    const replay = await send();
    expect([replay.status, replay.text]).toEqual([200, answer?.text]);
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
  });

  test('in two logs at once: one runs, the other waits and is its replay', async () => {
    const delivery = await addDelivery(ekbaar);
    const draft = confirm(delivery, { key: crypto.randomUUID() });
    const sent: Promise<unknown>[] = [];
    await whileLocked(delivery, async () => {
      for (let at = 0; at < 2; at++) sent.push(device(ekbaar, agent).mutate(draft));
      await waiting(1);
    });
    const receipts = await Promise.all(sent);
    expect(receipts).toContainEqual(expect.objectContaining({ status: 'applied', replayed: false }));
    expect(receipts).toContainEqual(expect.objectContaining({ status: 'applied', replayed: true }));
    expect(await other`select from ledger_entries where delivery_id = ${delivery.id}`).toHaveLength(2);
  });

  test.each(['in a log', 'over REST'] as const)(
    'first %s, then the other way: the second waits and is its replay',
    async (first) => {
      const delivery = await addDelivery(ekbaar);
      const draft = confirm(delivery, { key: crypto.randomUUID() });
      const ways = {
        'in a log': async () => {
          const { status, replayed } = await device(ekbaar, agent).mutate(draft);
          return { status, replayed };
        },
        'over REST': async () => {
          const headers = { 'idempotency-key': draft.key ?? '' };
          const answer = await ekbaar.post('/v1/mutations/confirmDelivery', agent, draft.args, headers);
          const { status } = answer.body as { status: string };
          return { status, replayed: answer.headers.get('idempotency-replayed') === 'true' };
        },
      };
      const second = first === 'in a log' ? 'over REST' : 'in a log';
      const answers: Promise<unknown>[] = [];
      await whileLocked(delivery, async () => {
        answers.push(ways[first]());
        await waiting(1);
        answers.push(ways[second]());
        await waiting(2);
      });
      expect(await Promise.all(answers)).toEqual([
        { status: 'applied', replayed: false },
        { status: 'applied', replayed: true },
      ]);
      expect(await other`select from ledger_entries where delivery_id = ${delivery.id}`).toHaveLength(2);
    },
  );
});

describe('many at once', () => {
  test('two agents’ phones and REST for one instalment: one is applied, the others are already_done', async () => {
    const loanId = `LOAN-${crypto.randomUUID()}`;
    const agents = ['a01', 'a02', 'a03', 'a04'];
    const rivals = await Promise.all(
      agents.map(async (agentId) => ({
        delivery: await addDelivery(ekbaar, { loanId, instalmentNo: 3, agentId }),
        phone: device(ekbaar, await ekbaar.token(agentId, 'agent')),
      })),
    );
    const receipts = await Promise.all(rivals.map(({ delivery, phone }) => phone.mutate(confirm(delivery))));
    const outcomes = receipts.map(({ status, error }) => error?.code ?? status);
    expect(outcomes.toSorted()).toEqual(['already_done', 'already_done', 'already_done', 'applied']);
  });

  test('the same log from five lines: each mutation once, and every line hears all receipts', async () => {
    const deliveries = await Promise.all(Array.from({ length: 60 }, () => addDelivery(ekbaar)));
    const phone = device(ekbaar, agent);
    const mutations = phone.next(...deliveries.map((delivery) => confirm(delivery)));
    const answers = await Promise.all(Array.from({ length: 5 }, () => phone.sync({ mutations })));
    for (const { receipts, stopped } of answers) {
      expect(stopped).toBeNull();
      expect(receipts.map(({ status }) => status)).toEqual(deliveries.map(() => 'applied'));
    }
    const ran = answers.flatMap(({ receipts }) => receipts).filter(({ replayed }) => !replayed);
    expect(ran).toHaveLength(60);
  });

  test('the same request thirty times at once: each is answered, and it ran once', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery));
    const answers = await Promise.all(Array.from({ length: 30 }, () => phone.sync({ mutations })));
    const receipts = answers.flatMap((answer) => answer.receipts);
    expect(receipts.map(({ status }) => status)).toEqual(answers.map(() => 'applied'));
    expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  test('a lock that another program keeps too long: 503 unavailable, not a try of the mutation', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery));
    await whileLocked(delivery, async () => {
      const answer = await ekbaar.trySync(agent, { clientId: phone.clientId, mutations });
      expect(problemIn(answer).code).toBe('unavailable');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    });
    expect(await other`select from sync.halts`).toEqual([]);
    expect((await phone.sync({ mutations })).receipts).toMatchObject([{ status: 'applied', replayed: false }]);
  });

  test('another program’s open transaction keeps nobody waiting and is seen when it commits', async () => {
    const delivery = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    const cursor = (await ekbaar.sync(agent)).delta.cursor;
    await whileLocked(await addDelivery(ekbaar), async () => {
      await device(ekbaar, agent).mutate(confirm(delivery));
      await sleep(300);
    });
    await ekbaar.server.engine.sweep();
    const { changes } = (await ekbaar.sync(agent, { cursor })).delta;
    expect(changes).toHaveLength(2);
    expect(await statusOf(ekbaar, delivery)).toBe('confirmed');
  });
});

describe('row-level security', () => {
  const engineTables = ['clients', 'slots', 'receipts', 'once', 'halts', 'attempts', 'audit', 'scopes', 'changes'].map(
    (name) => `sync.${name}`,
  );
  const appTables = ['agents', 'deliveries', 'disbursements', 'agent_positions', 'agent_track'];
  const moneyTables = ['ledger_accounts', 'ledger_entries', 'day_closings'];
  const tables = [...engineTables, ...[...appTables, ...moneyTables].map((name) => `public.${name}`)];

  /** How many rows the engine's role sees in a table, with these settings. */
  const seen = (table: string, tenant: string | undefined) =>
    other.begin(async (tx) => {
      await tx`set local role ekbaar_engine`;
      if (tenant !== undefined) await tx`select set_config('ekbaar.tenant', ${tenant}, true)`;
      const [row] = await tx<{ count: number; tenants: string[] }[]>`
        select count(*)::int as count, coalesce(array_agg(distinct tenant), '{}') as tenants from ${tx.unsafe(table)}`;
      return row;
    });

  beforeAll(async () => {
    for (const tenant of ['pennco', 'vishi'] as const) {
      const phone = device(ekbaar, await ekbaar.token('a01', 'agent', tenant));
      await phone.mutate(confirm(await addDelivery(ekbaar, { tenant })));
      await phone.mutate({ name: '$skip' });
      const args = { lat: 1, lng: 1, accuracyM: 1, at: '2026-11-22T10:00:00Z' };
      await phone.mutate({ name: 'recordLocation', args });
      const day = { date: '2026-11-22', collectedPaise: 0, disbursedPaise: 0, count: 0 };
      await phone.mutate({ name: 'closeDay', args: day });
      await ekbaar.query(
        sql`insert into sync.halts values (${tenant}, gen_random_uuid(), 1, now(), now(), 'an error') on conflict do nothing`,
      );
      await ekbaar.query(
        sql`insert into sync.attempts (tenant, subject, id) values (${tenant}, 'nobody', gen_random_uuid())`,
      );
      await ekbaar.query(
        sql`insert into sync.audit (tenant, actor, action, subject) values (${tenant}, 'ops', 'looked', 'nothing')`,
      );
    }
  });
  afterAll(async () => {
    await ekbaar.query(sql`delete from sync.halts`);
    await ekbaar.query(sql`delete from sync.attempts`);
  });

  test.each(tables)('%s: no row without a tenant, and with one only its own', async (table) => {
    const [all] = await other<
      { count: number }[]
    >`select count(distinct tenant)::int as count from ${other.unsafe(table)}`;
    expect(all?.count, 'rows of more than one tenant to look for').toBeGreaterThan(1);
    expect(await seen(table, undefined)).toEqual({ count: 0, tenants: [] });
    expect(await seen(table, '')).toEqual({ count: 0, tenants: [] });
    expect((await seen(table, 'vishi'))?.tenants).toEqual(['vishi']);
  });

  test('every table with a tenant that the engine’s role can read has the policy that those have', async () => {
    const readable = await other<{ name: string; secured: boolean; policies: string[] }[]>`
      select c.table_schema || '.' || c.table_name as name, k.relrowsecurity as secured,
        (select coalesce(array_agg(concat_ws(' ', p.permissive, p.cmd, p.qual, p.with_check) order by p.policyname), '{}')
          from pg_policies p where p.schemaname = c.table_schema and p.tablename = c.table_name and 'ekbaar_engine' = any (p.roles)) as policies
      from information_schema.columns c
      join information_schema.tables t using (table_schema, table_name)
      join pg_class k on k.oid = format('%I.%I', c.table_schema, c.table_name)::regclass
      where c.column_name = 'tenant' and t.table_type = 'BASE TABLE'
        and has_table_privilege('ekbaar_engine', k.oid, 'select')`;
    expect(readable.map(({ name }) => name)).toEqual(expect.arrayContaining(tables));
    const known = readable.filter(({ name }) => tables.includes(name)).map(({ policies }) => policies);
    const weaker = readable.filter(
      ({ secured, policies }) => !secured || !known.some((each) => isDeepStrictEqual(each, policies)),
    );
    expect(weaker).toEqual([]);
  });

  test('the role neither owns tables nor passes by security, and may not write for another tenant', async () => {
    const [role] =
      await other`select rolsuper, rolbypassrls, rolcanlogin from pg_roles where rolname = 'ekbaar_engine'`;
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcanlogin: false });
    expect(await other`select from pg_tables where tableowner = 'ekbaar_engine'`).toEqual([]);
    const write = other.begin(async (tx) => {
      await tx`set local role ekbaar_engine`;
      await tx`set local ekbaar.tenant = 'pennco'`;
      await tx`insert into ledger_accounts values ('vishi', 'agent_cash:x', 'agent_cash')`;
    });
    await expect(write).rejects.toMatchObject({ code: '42501' });
  });

  test('other programs go on as owners, unhindered', async () => {
    const [row] = await other<{ count: number }[]>`select count(distinct tenant)::int as count from deliveries`;
    expect(row?.count).toBe(3);
  });
});
