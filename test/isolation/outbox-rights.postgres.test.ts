import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { device } from '../protocol/device.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let database: FreshDatabase;
let fieldOps: FieldOps;
let sql: Sql;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url });
  await device(fieldOps, await fieldOps.token('a01', 'agent')).sync();
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
});

afterAll(async () => {
  await sql.end();
  await fieldOps.close();
  await database.drop();
});

test.each([
  'select data from pgboss.job',
  'select * from pgboss.job_common',
  `update pgboss.job set data = '{}'`,
  'delete from pgboss.job',
  'update pgboss.queue set policy = policy',
])('a mutator of one tenant cannot look at the jobs of another, nor change them: %s', async (statement) => {
  const asEngine = sql.begin(async (tx) => {
    await tx.unsafe(`set local role ekbaar_engine; set local ekbaar.tenant = 'pennco'`);
    return tx.unsafe(statement);
  });
  await expect(asEngine).rejects.toThrow(/permission denied/);
});

test('rights that an older version gave are taken back at the next start', async () => {
  await sql.unsafe('grant select, insert, update on all tables in schema pgboss to ekbaar_engine');
  const next = await startFieldOps({ url: database.url });
  await next.close();
  const held = await sql<{ held: string }[]>`
    select string_agg(distinct table_name || ' ' || privilege_type, ', ') as held from information_schema.role_table_grants
    where grantee = 'ekbaar_engine' and table_schema = 'pgboss' and privilege_type <> 'INSERT'`;
  expect(held[0]?.held).toBe('queue SELECT');
});
