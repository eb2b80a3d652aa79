import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { readEvidence } from './evidence.ts';
import { checkReplicas } from './check-replicas.ts';
import { Violations } from './violation.ts';

let database: FreshDatabase;
let node: Sql;
let other: Sql;

beforeAll(async () => {
  database = await freshDatabase();
  const fieldOps = await startFieldOps({ url: database.url, demo: { agents: 2, deliveries: 4 } });
  await fieldOps.close();
  [node, other] = [postgres(database.url, { max: 1 }), postgres(database.url, { max: 1 })];
});

afterAll(async () => {
  await Promise.all([node.end(), other.end()]);
  await database.drop();
});

/** As a sweeper does it. */
const publish = (sql: Sql) => sql`select * from sync.publish('pennco', null, 1000)`;

test.for([
  ['deleted', `delete from deliveries where tenant = 'pennco' and id = 'x-1'`],
  ['renamed', `update deliveries set id = 'y-1' where tenant = 'pennco' and id = 'x-1'`],
  ['moved', `update deliveries set agent_id = 'a02', region_id = 'IN-BR-other' where tenant = 'pennco' and id = 'x-1'`],
] as const)('a row that is %s while a node is about to commit its first lines', async ([, change]) => {
  await other`
    insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id,
      loan_id, instalment_no, amount_paise, due_on)
    values ('pennco', 'x-1', 'collection', 'a01', 'IN-BR-test', 'Bodh Gaya', '824231', 'Asha Devi', '+910000000001', 'bfil',
      'LOAN-x-1', 1, 124000, '2026-11-22')`;

  await node`begin`;
  await publish(node);
  // Its marks are committed; the other node finds them, and not yet the lines.
  await other.unsafe(change);
  const second = publish(other);
  // It may have to wait for the first, and must not be done without it.
  await Promise.race([second, node`select pg_sleep(0.3)`]);
  await node`commit`;
  await second;
  for (let left = true; left;) {
    await publish(other);
    left = (await other`select from sync.dirty limit 1`).length > 0;
  }

  const found = new Violations();
  checkReplicas(await readEvidence(other), [], found);
  expect(found.list).toEqual([]);
  await other`delete from deliveries where tenant = 'pennco' and id in ('x-1', 'y-1')`;
  await publish(other);
});
