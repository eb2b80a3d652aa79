import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const gate = 4711;

let database: FreshDatabase;
let fieldOps: FieldOps;
let sql: Sql;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url });
  sql = postgres(database.url, { onnotice: () => {}, max: 5 });
  // The server's own sweeper must not publish what this test wants to publish step by step.
  await fieldOps.server.engine.stop();
});

afterAll(async () => {
  await sql.end();
  await fieldOps.close();
  await database.drop();
});

/** Makes the first look at a row's scopes, by which the locks are taken, wait at a gate that the test holds. */
async function gateFirstLook(): Promise<void> {
  await sql`alter function sync.membership(text, text[], text[]) rename to membership_itself`;
  await sql.unsafe(`
    create function sync.membership(p_tenant text, p_collections text[], p_rows text[])
    returns table (collection text, row_id text, scope text) language plpgsql stable security definer as $$
    begin
      perform set_config('test.look', (coalesce(nullif(current_setting('test.look', true), ''), '0')::int + 1)::text, true);
      if current_setting('test.look') = '1' then perform pg_advisory_xact_lock_shared(${gate}); end if;
      return query select * from sync.membership_itself(p_tenant, p_collections, p_rows);
    end $$`);
}

async function addDisbursement(id: string, region: string): Promise<void> {
  await sql`
    insert into disbursements (tenant, id, delivery_id, mfi_id, loan_id, amount_paise, region_id)
    values ('pennco', ${id}, ${id}, 'bfil', ${id}, 100, ${region})`;
}

/** At the gate, or for a publisher of the same row that waits there. */
async function waitForWaiting(count: number): Promise<void> {
  for (;;) {
    const [row] = await sql`select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted`;
    if (row?.['n'] === count) return;
    await sleep(20);
  }
}

test('a row that moves between the look and the locks is counted once in each scope', async () => {
  await addDisbursement('there-before', 'scope-b');
  await sql`select * from sync.publish('pennco', null, 1000)`;
  await gateFirstLook();
  const holder = await sql.reserve();
  await holder`select pg_advisory_lock(${gate})`;
  await addDisbursement('mover', 'scope-a');
  const publishing = [sql`select * from sync.publish('pennco', null, 1000)`.execute()];
  await waitForWaiting(1);
  await sql`update disbursements set region_id = 'scope-b' where tenant = 'pennco' and id = 'mover'`;
  publishing.push(sql`select * from sync.publish('pennco', null, 1000)`.execute());
  await waitForWaiting(2);
  await holder`select pg_advisory_unlock(${gate})`;
  holder.release();
  await Promise.all(publishing);

  const heads = await sql`
    select s.scope, s.rows::int, s.checksum::text,
      (select count(*)::int from sync.changes c where c.tenant = s.tenant and c.scope = s.scope and c.tag <> 0) as lines,
      (select coalesce(sum(c.tag), 0)::text from sync.changes c where c.tenant = s.tenant and c.scope = s.scope) as tags
    from sync.scopes s where s.tenant = 'pennco' and s.scope in ('region:scope-a', 'region:scope-b') order by s.scope`;
  for (const { scope, rows, checksum, lines, tags } of heads) {
    expect({ scope, rows, checksum }).toEqual({ scope, rows: lines, checksum: tags });
  }
  expect(heads.map(({ scope, rows }) => [scope, rows])).toContainEqual(['region:scope-b', 2]);
});

test('a scope that no protocol can carry keeps nobody else’s rows from being published', async () => {
  await addDisbursement('far-away', 'x'.repeat(9000));
  await sql`insert into agents (tenant, id, name, phone, region_id) values ('vishi', 'newcomer', 'New', '+910000000000', 'r1')`;
  await sql`select * from sync.publish('pennco', null, 1000)`;
  await sql`select * from sync.publish('vishi', null, 1000)`;
  const published = await sql`select scope from sync.changes where row_id in ('far-away', 'newcomer') order by scope`;
  expect(published.map(({ scope }) => scope)).toEqual(['agent:newcomer', 'region:r1']);
});
