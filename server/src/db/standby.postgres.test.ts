import { defineModel } from '@ekbaar/sdk/model';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, type PostgresServer, startPostgres } from '../../../test/support/postgres.ts';
import { type Standby, startStandby } from '../../../test/support/standby.ts';
import { reading, writing } from '../engine/transaction.ts';
import { createServer } from '../server.ts';
import { type Database, type Queryable, rowsOf } from './database.ts';
import { databaseFault } from './fault.ts';
import { migrate } from './migrate.ts';
import { postgresDatabase } from './postgres.ts';

let server: PostgresServer;
let fresh: FreshDatabase;
let standby: Standby;
let primary: Database;
beforeAll(async () => {
  server = await startPostgres();
  fresh = await server.freshDatabase();
  primary = postgresDatabase(fresh.url);
  await migrate(primary, { synced: [], serverTables: [], model: 1 });
  await primary.db.execute(sql`create table numbers (n int primary key)`);
  await primary.db.execute(sql`grant select on numbers to ekbaar_engine`);
  standby = await startStandby(server);
});
afterAll(async () => {
  await primary.close();
  await standby.stop();
  await server.stop();
});

interface State {
  readonly role: string;
  readonly tenant: string;
  readonly isolation: string;
  readonly numbers: string;
}
const stateOf = async (tx: Queryable) => {
  const [state] = await rowsOf<State>(
    tx,
    sql`select current_user as role, current_setting('ekbaar.tenant', true) as tenant,
          current_setting('transaction_isolation') as isolation, (select count(*) from numbers)::text as numbers`,
  );
  return state;
};
const nodeOn = (database: Database, readReplica?: Database) =>
  createServer({
    ...{
      model: defineModel({ version: 1, collections: {}, mutations: {} }),
      tables: {},
      mutators: {},
      scopes: () => [],
    },
    ...{ database, readReplica, auth: () => Promise.reject(new Error('nobody signs in')) },
    platform: { log: { info: () => {}, error: () => {} } },
  });

test('what is read on a standby is of one snapshot, and of the tenant alone', async () => {
  const database = postgresDatabase(standby.urlOf(fresh.url), { standby: true });
  const states = await reading(database, 'pennco', async (tx) => {
    const before = await stateOf(tx);
    await primary.db.execute(sql`insert into numbers values (1)`);
    await standby.caughtUp();
    return [before, await stateOf(tx)];
  });
  const state = { role: 'ekbaar_engine', tenant: 'pennco', isolation: 'repeatable read', numbers: '0' };
  expect(states).toEqual([state, state]);
  expect(await stateOf(database.db)).toMatchObject({ numbers: '1' });
  await database.close();
});

test('a standby that is taken for the primary does nothing, and the node is not ready', async () => {
  const database = postgresDatabase(standby.urlOf(fresh.url));
  const node = nodeOn(database);
  expect((await node.app.request('/readyz')).status).toBe(503);
  let ran = 0;
  const errors = await Promise.all([
    reading(database, 'pennco', async () => ran++).catch((error: unknown) => error),
    reading(database, 'pennco', stateOf).catch((error: unknown) => error),
    writing(database, 'pennco', (tx) => tx.execute(sql`insert into numbers values (2)`)).catch((e: unknown) => e),
    database.db.execute(sql`select 1`).catch((error: unknown) => error),
  ]);
  expect(errors.map(databaseFault)).toEqual(errors.map(() => 'unavailable'));
  expect(ran).toBe(1);
  await node.close();
});

test('a replica must be opened as a standby', async () => {
  const database = postgresDatabase(standby.urlOf(fresh.url));
  expect(() => nodeOn(primary, database)).toThrow('standby: true');
  await database.close();
});

test('the isolation of a transaction is not what the database has as its default', async () => {
  await primary.db.execute(
    sql.raw(`alter database ${fresh.name} set default_transaction_isolation = 'repeatable read'`),
  );
  const database = postgresDatabase(fresh.url);
  expect(await stateOf(database.db)).toMatchObject({ isolation: 'read committed' });
  expect((await writing(database, 'pennco', stateOf)).value).toMatchObject({ isolation: 'read committed' });
  await database.close();
});
