import { postgresDatabase, track } from '@ekbaar/server';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { createVisits, logThatWritesLate, model, scopes, visits, wrongLines } from './visits.ts';

let database: FreshDatabase;
let sql: Sql;

beforeEach(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { onnotice: () => {}, max: 4 });
  await sql.unsafe(createVisits);
  const own = postgresDatabase(database.url, { connections: 2 });
  await track(own, { model, tables: { visits: { table: visits, scopes } } });
  await own.close();
});

afterEach(async () => {
  await sql.end();
  await database.drop();
});

/** A transaction as the engine's are: with a tenant and an origin, and a publish at its end. */
function engineWrites(write: (tx: TransactionSql) => Promise<unknown>, tenant = 'pennco'): Promise<string[]> {
  return sql.begin(async (tx) => {
    await tx.unsafe(`set local ekbaar.tenant = '${tenant}'`);
    await tx.unsafe(`set local ekbaar.origin = 'a-transaction'`);
    await write(tx);
    const moved = await tx<{ scope: string }[]>`select scope from sync.publish(${tenant}, 'a-transaction', null)`;
    return moved.map(({ scope }) => scope).toSorted();
  });
}

async function marksInTable(tx: Sql | TransactionSql = sql): Promise<string[]> {
  const marks = await tx<{ mark: string }[]>`select tenant || '/' || row_id as mark from sync.dirty order by 1`;
  return marks.map(({ mark }) => mark);
}

async function sweep(tenant = 'pennco'): Promise<void> {
  await sql`select * from sync.publish(${tenant}, null, 10000)`;
}

test('the engine’s own marks are published without a row in the table', async () => {
  const moved = await engineWrites(async (tx) => {
    await tx`insert into visits (tenant, id, agent) values ('pennco', 'v"1', 'a1'), ('pennco', 'v\\2', 'a2')`;
    await tx`update visits set id = 'w,2', region = 'r1' where id = 'v\\2'`;
    await tx`delete from visits where id = 'nobody'`;
    expect(await marksInTable(tx)).toEqual([]);
  });
  expect(moved).toEqual(['agent:a1', 'agent:a2', 'region:r1']);
  await engineWrites((tx) => tx`delete from visits where id = 'w,2'`);
  expect(await marksInTable()).toEqual([]);
  expect(await wrongLines(sql)).toEqual([]);
});

test('a savepoint that is rolled back takes its marks along', async () => {
  const moved = await engineWrites(async (tx) => {
    await tx`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`;
    await tx
      .savepoint(async (inner) => {
        await inner`insert into visits (tenant, id, agent) values ('pennco', 'v2', 'a2')`;
        throw new Error('undone');
      })
      .catch(() => {});
    await tx`insert into visits (tenant, id, agent) values ('pennco', 'v3', 'a3')`;
  });
  expect(moved).toEqual(['agent:a1', 'agent:a3']);
  expect(await wrongLines(sql)).toEqual([]);
});

test('what is too much for a setting goes through the table in the same publish', async () => {
  const rows = 20_000;
  await engineWrites(async (tx) => {
    await tx`insert into visits (tenant, id, agent) select 'pennco', 'visit-' || n, 'a1' from generate_series(1, ${rows}::int) n`;
    await tx`update visits set agent = 'a2' where id < 'visit-5'`;
    expect((await marksInTable(tx)).length).toBeGreaterThan(0);
  });
  expect(await marksInTable()).toEqual([]);
  expect(await wrongLines(sql)).toEqual([]);
});

test('rows of another tenant are left to the sweeper, which publishes them for their own', async () => {
  await engineWrites(async (tx) => {
    await tx`insert into visits (tenant, id, agent) values ('vishi', 'v1', 'a1')`;
    await tx`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`;
  });
  expect(await marksInTable()).toEqual(['vishi/v1']);
  await sweep('vishi');
  expect(await wrongLines(sql)).toEqual([]);
});

test('what a trigger writes at the commit, when publish is through, is left to the sweeper', async () => {
  await sql.unsafe(logThatWritesLate);
  expect(await engineWrites((tx) => tx`insert into log values ('v7')`)).toEqual([]);
  expect(await marksInTable()).toEqual(['pennco/v7']);
  await sweep();
  expect(await wrongLines(sql)).toEqual([]);
});

test('a transaction that publishes twice publishes both times what it wrote', async () => {
  await engineWrites(async (tx) => {
    await tx`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`;
    await tx`select * from sync.publish('pennco', 'a-transaction', null)`;
    await tx`insert into visits (tenant, id, agent) values ('pennco', 'v2', 'a2')`;
  });
  expect(await marksInTable()).toEqual([]);
  expect(await wrongLines(sql)).toEqual([]);
});

test('TRUNCATE by the engine is published too', async () => {
  await engineWrites((tx) => tx`insert into visits (tenant, id, agent) values ('pennco', 'v1', 'a1')`);
  expect(await engineWrites((tx) => tx`truncate visits`)).toEqual(['agent:a1']);
  expect(await wrongLines(sql)).toEqual([]);
});
