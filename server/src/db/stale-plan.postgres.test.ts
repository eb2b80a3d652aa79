import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/postgres.ts';
import { writing } from '../engine/transaction.ts';
import { type Database, rowsOf } from './database.ts';
import { migrate } from './migrate.ts';
import { postgresDatabase } from './postgres.ts';

let fresh: FreshDatabase;
let database: Database;
beforeAll(async () => {
  fresh = await freshDatabase();
  database = postgresDatabase(fresh.url, { connections: 2 });
  await migrate(database, { synced: [], serverTables: [], model: 1 });
  await database.db.execute(sql`create table wide (id text primary key)`);
  await database.db.execute(sql`create table other (id text primary key)`);
  await database.db.execute(sql`grant select on wide, other to ekbaar_engine`);
  await database.db.execute(sql`insert into wide values ('1')`);
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

test('a table that a migration changes under kept plans fails no transaction', async () => {
  let tries = 0;
  const read = () =>
    writing(database, 'pennco', async (tx) => {
      tries++;
      await tx.execute(sql`select * from other where id = ${'1'}`);
      return rowsOf(tx, sql`select * from wide where id = ${'1'}`);
    });
  // On both connections, several times: each keeps the plans.
  for (let round = 0; round < 8; round++) await Promise.all([read(), read()]);
  for (const table of ['other', 'wide'])
    await database.db.execute(sql.raw(`alter table ${table} add column note text`));
  tries = 0;
  const [first, second] = await Promise.all([read(), read()]);
  expect([first?.value, second?.value]).toEqual([[{ id: '1', note: null }], [{ id: '1', note: null }]]);
  // Each of the two connections failed once, and was replaced.
  expect(tries).toBe(4);
});
