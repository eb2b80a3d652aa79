import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { createVisits, startVisits, type VisitsServer, wrongLines } from './visits.ts';

let database: FreshDatabase;
let sql: Sql;
let server: VisitsServer;

beforeEach(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { onnotice: () => {}, max: 6 });
  await sql.unsafe(createVisits);
});

afterEach(async () => {
  await server.close();
  await sql.end();
  await database.drop();
});

function addVisits(count: number, tenant: string, agent: string | null = 'a1') {
  return sql`insert into visits (tenant, id, agent) select ${tenant}, 'v' || n, ${agent} from generate_series(1, ${count}::int) n`;
}

async function marks(tenant: string): Promise<number> {
  const [row] = await sql<{ n: number }[]>`select count(*)::int as n from sync.dirty where tenant = ${tenant}`;
  return row?.n ?? 0;
}

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await what())) await sleep(20);
}

test('rows that are in no scope do not stop it: what comes behind 3,000 of them is published', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 3_600_000 });
  await addVisits(3000, 'pennco', null);
  await sql`insert into visits (tenant, id, agent) values ('pennco', 'behind', 'a1')`;
  await server.server.engine.sweep();
  expect(await marks('pennco')).toBe(0);
  expect(await wrongLines(sql)).toEqual([]);
});

test('a transaction still under way keeps its marks; a leftover of the engine’s own is published', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 3_600_000 });
  const writer = await sql.reserve();
  await writer`begin`;
  await writer`insert into visits (tenant, id, agent) values ('pennco', 'open', 'a1')`;
  await sql.begin(async (tx) => {
    await tx.unsafe(`set local ekbaar.origin = 'a-node-that-died'`);
    await tx`insert into visits (tenant, id, agent) values ('pennco', 'left', 'a1')`;
  });
  await server.server.engine.sweep();
  const rows = () => sql<{ id: string }[]>`select row_id as id from sync.changes order by 1`;
  expect((await rows()).map(({ id }) => id)).toEqual(['left']);
  await writer`commit`;
  writer.release();
  await server.server.engine.sweep();
  expect((await rows()).map(({ id }) => id)).toEqual(['left', 'open']);
});

test('a tenant that cannot be published keeps no other waiting, is reported and tried again', async () => {
  // Each publish of this tenant fails at its end, for as long as the check is there.
  server = await startVisits(database.url);
  await sql`alter table sync.changes add constraint no_cred check (tenant <> 'cred')`;
  await addVisits(10, 'cred');
  await addVisits(10, 'pennco');
  await addVisits(10, 'vishi');
  await until(async () => (await marks('pennco')) + (await marks('vishi')) === 0);
  await until(() => server.failures.length > 0);
  expect(server.failures[0]?.['message']).toBe('publishing what other programs wrote failed');
  expect(await marks('cred')).toBe(10);
  // It rests between two tries: hundreds of looks later there were few.
  await sleep(2500);
  expect(server.failures.length).toBeLessThan(6);
  await sql`alter table sync.changes drop constraint no_cred`;
  await until(async () => (await marks('cred')) === 0);
  expect(await wrongLines(sql)).toEqual([]);
});

test('a row that cannot be published waits aside, is reported, and is tried again: the tenant’s others do not wait for it', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 3_600_000 });
  await sql`alter table sync.changes add constraint bad_ones check (row_id not in ('v3', 'v7'))`;
  await addVisits(2000, 'pennco');
  await server.server.engine.sweep();
  const left = await sql<{ row: string }[]>`select row_id as row from sync.dirty order by id`;
  expect(left.map(({ row }) => row)).toEqual(['v3', 'v7']);
  expect(server.failures.map(({ error }) => error)).toEqual([
    expect.stringContaining('the row "v3" of "visits" cannot be published'),
  ]);

  await sql`alter table sync.changes drop constraint bad_ones`;
  await until(async () => {
    await server.server.engine.sweep();
    return (await marks('pennco')) === 0;
  });
  expect(await wrongLines(sql)).toEqual([]);
});

test('a query that fails for every row of a collection stops only that collection', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 3_600_000 });
  await sql`alter table visits rename column region to area`;
  await addVisits(2000, 'pennco');
  await sql`select sync.mark_receipt('pennco', gen_random_uuid())`;
  await server.server.engine.sweep();
  expect(await sql`select from sync.dirty where collection = 'receipts'`).toHaveLength(0);
  expect(await marks('pennco')).toBe(2000);
  expect(server.failures).toHaveLength(1);

  await sql`alter table visits rename column area to region`;
  await until(async () => {
    await server.server.engine.sweep();
    return (await marks('pennco')) === 0;
  });
  expect(await wrongLines(sql)).toEqual([]);
});

test('while somebody holds a lock on one table, what comes of others is published, and a push beside them waits for none of it', async () => {
  server = await startVisits(database.url);
  const holder = await sql.reserve();
  await holder`begin`;
  await holder`lock table visits in access exclusive mode`;
  // Marks as of a transaction that committed before the lock: they take all buckets of advisory locks.
  await sql`
    insert into sync.dirty (tenant, collection, row_id, origin)
    select 'pennco', 'visits', 'v' || n, '' from generate_series(1, 3000) n`;
  // A receipt of the built-in collection: as good as a row of another table.
  let slowest = 0;
  for (const end = Date.now() + 4000; Date.now() < end; await sleep(20)) {
    const began = Date.now();
    await sql.begin(async (tx) => {
      await tx.unsafe(`set local ekbaar.origin = 'a push'; set local ekbaar.tenant = 'pennco'`);
      await tx`select sync.mark_receipt('pennco', gen_random_uuid())`;
      await tx`select from sync.publish('pennco', 'a push', null)`;
    });
    await sql`select sync.mark_receipt('pennco', gen_random_uuid())`;
    slowest = Math.max(slowest, Date.now() - began);
  }
  expect(slowest).toBeLessThan(2000);
  const receipts = () => sql`select from sync.dirty where collection = 'receipts'`;
  await until(async () => (await receipts()).length === 0);
  expect(await marks('pennco')).toBe(3000);
  await holder`commit`;
  holder.release();
  await until(async () => (await marks('pennco')) === 0);
  expect(await wrongLines(sql)).toEqual([]);
});

test('the rows of a table that is dropped while their marks wait have left', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 3_600_000 });
  await addVisits(10, 'pennco');
  await server.server.engine.sweep();
  await sql.begin(async (tx) => {
    await tx`delete from visits`;
    await tx`drop table visits`;
  });
  await server.server.engine.sweep();
  expect(await marks('pennco')).toBe(0);
  expect(await sql`select from sync.changes where tag <> 0`).toHaveLength(0);
  expect(server.failures).toEqual([]);
});

test('tenants have turns: a small one is not behind the whole backlog of a large one', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 3_600_000 });
  await addVisits(20_000, 'a-large-one', null);
  await addVisits(5, 'small');
  const sweeping = server.server.engine.sweep();
  let ahead = 0;
  await until(async () => {
    ahead = await marks('a-large-one');
    return (await marks('small')) === 0;
  });
  expect(ahead).toBeGreaterThan(0);
  await sweeping;
  expect(await marks('a-large-one')).toBe(0);
});

test('a sweep ends while others go on writing', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 3_600_000 });
  await addVisits(1000, 'pennco');
  // They are faster than it: there is a mark whenever the sweeper looks.
  await sql.unsafe(`
    create table enough (yes boolean);
    create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.05); return null; end $$;
    create trigger slowly after insert on sync.changes for each statement execute function slowly()`);
  const writers = [1, 2, 3].map((place) =>
    sql.unsafe(`do $$ begin
      while not exists (select from enough) loop
        update visits set note = clock_timestamp()::text where id = 'v' || (1 + floor(random() * 300) * 3 + ${place - 1})::int;
        commit;
      end loop;
    end $$`),
  );
  const written = Promise.all(writers);
  await until(async () => (await marks('pennco')) > 1500);
  await server.server.engine.sweep();
  expect(await marks('pennco')).toBeGreaterThan(0);
  await sql`insert into enough values (true)`;
  await written;
});

test('two nodes sweep one backlog at once: each mark is published once, nobody waits for the other’s', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 5 });
  const other = await startVisits(database.url, { sweepEveryMs: 5 });
  await addVisits(1500, 'pennco');
  for (let round = 0; round < 15; round++) {
    await sql`update visits set agent = 'a' || (length(id) + ${round}::int) % 5`;
  }
  await Promise.all([server.server.engine.sweep(), other.server.engine.sweep()]);
  await until(async () => (await marks('pennco')) === 0);
  expect(await wrongLines(sql)).toEqual([]);
  expect([...server.failures, ...other.failures]).toEqual([]);
  await other.close();
});

test('the backlog is told, up to what is worth counting, with the age of its oldest mark', async () => {
  server = await startVisits(database.url, { sweepEveryMs: 3_600_000 });
  await server.server.engine.stop();
  expect(await server.server.engine.state()).toMatchObject({ marks: 0, oldestMarkMs: null });
  await addVisits(100_001, 'pennco', null);
  await sql`insert into visits (tenant, id) values ('vishi', 'v1')`;
  await sql`update sync.dirty set at = at - interval '1 hour' where tenant = 'vishi'`;
  const { marks: counted, oldestMarkMs } = await server.server.engine.state();
  expect(counted).toBe(100_000);
  expect(oldestMarkMs).toBeGreaterThanOrEqual(3_600_000);
  expect(oldestMarkMs).toBeLessThan(2 * 3_600_000);
});
