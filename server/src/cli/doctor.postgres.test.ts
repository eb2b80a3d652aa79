import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { havePgBouncer, startPgBouncer } from '../../../test/support/pgbouncer.ts';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres.ts';
import { run } from './run.ts';

interface Finding {
  readonly check: string;
  readonly level: 'problem' | 'warning' | 'fine' | 'note';
  readonly says: string;
  readonly remedy?: string;
}

// A server of its own, as in production: it flushes, and its settings are this test's.
let server: PostgresServer;
let url: string;
let sql: postgres.Sql;
beforeAll(async () => {
  server = await startPostgres({ fsync: true });
  ({ url } = await server.freshDatabase());
  sql = postgres(url, { max: 2, onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await server.stop();
});

/** The command as a process would run it, in the app's folder. */
async function ekbaar(on: string, args: readonly string[]) {
  const [out, note]: [string[], string[]] = [[], []];
  const code = await run(args, {
    environment: { DATABASE_URL: on },
    directory: join(import.meta.dirname, '../../../examples/field-ops'),
    clock: () => new Date(),
    out: (text) => out.push(text),
    note: (text) => note.push(text),
  });
  return { code, out: out.join('\n'), note: note.join('\n') };
}

async function doctor(...args: string[]): Promise<{ code: number | null; findings: Finding[]; note: string }> {
  const { code, out, note } = await ekbaar(url, ['doctor', '--json', ...args]);
  return { code, note, findings: out === '' ? [] : (JSON.parse(out) as Finding[]) };
}

/** What is wrong, in short. */
async function wrong(...args: string[]): Promise<string[]> {
  const { code, findings } = await doctor(...args);
  const found = findings.filter(({ level }) => level === 'problem' || level === 'warning');
  for (const { remedy } of found) expect(remedy, 'a finding without a way out').toBeTruthy();
  expect(code).toBe(found.some(({ level }) => level === 'problem') ? 1 : 0);
  return found.map(({ level, check, says }) => `${level} ${check}: ${says}`);
}

/** What is wrong after `ill`; `well` mends it again. */
async function wrongAfter(ill: string, well: string): Promise<string[]> {
  await sql.unsafe(ill);
  try {
    return await wrong();
  } finally {
    await sql.unsafe(well);
  }
}

describe('ekbaar doctor', () => {
  test('an empty database: migrate first', async () => {
    expect(await wrong()).toEqual(['problem migrations: the engine’s tables are not there']);
  });

  test('a healthy one: nothing to do, exit code 0, and every check has said something', async () => {
    expect(await ekbaar(url, ['migrate'])).toMatchObject({ code: 0 });
    const { code, findings } = await doctor();
    expect(findings.filter(({ level }) => level === 'problem' || level === 'warning')).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(findings.map(({ check }) => check)).size).toBe(18);
    const text = await ekbaar(url, ['doctor']);
    expect(text.out).toContain('ok      role ekbaar_engine: can be taken');
  });

  const tenantPolicy = `create policy tenant on sync.receipts to ekbaar_engine using (tenant = nullif(current_setting('ekbaar.tenant', true), ''))`;
  test.each<[name: string, says: RegExp, ill: string, well: string]>([
    [
      'row-level security switched off',
      /^problem row-level security: sync\.receipts has row-level security switched off/,
      'alter table sync.receipts disable row level security',
      'alter table sync.receipts enable row level security',
    ],
    [
      'a policy gone',
      /^problem row-level security: sync\.receipts has no policy/,
      'drop policy tenant on sync.receipts',
      tenantPolicy,
    ],
    [
      'row-level security that hides a tracked table from whoever publishes it',
      /^problem row-level security: it is forced on "public"\."deliveries": "publisher", as whom rows are published/,
      `create role publisher; grant create on schema sync to publisher;
       alter function sync.membership(text, text[], text[]) owner to publisher;
       alter table deliveries force row level security`,
      `alter table deliveries no force row level security;
       alter function sync.membership(text, text[], text[]) owner to postgres;
       revoke create on schema sync from publisher; drop role publisher`,
    ],
    [
      'triggers that a restore tool would switch off',
      /^problem tracking: UPDATE on deliveries may leave no mark, because ekbaar_update_deliveries/,
      'alter table deliveries enable trigger ekbaar_update_deliveries',
      'alter table deliveries enable always trigger ekbaar_update_deliveries',
    ],
    [
      'triggers of statements on a table that has become a partition',
      /^problem tracking: deliveries is partitioned, a partition or on a cluster, and has triggers of statements/,
      `create table all_deliveries (like deliveries including all) partition by list (tenant);
       alter table all_deliveries attach partition deliveries default`,
      'alter table all_deliveries detach partition deliveries; drop table all_deliveries',
    ],
    [
      'a role that row-level security does not bind',
      /^problem role ekbaar_engine: row-level security does not bind it/,
      'alter role ekbaar_engine bypassrls',
      'alter role ekbaar_engine nobypassrls',
    ],
    [
      'a role that owns a table',
      /^problem role ekbaar_engine: it owns notes/,
      'create table notes (id text); alter table notes owner to ekbaar_engine',
      'drop table notes',
    ],
    [
      'a setting that forgets what was confirmed',
      /^problem settings: synchronous_commit is off/,
      'alter database :name set synchronous_commit = off',
      'alter database :name reset synchronous_commit',
    ],
    [
      'an isolation level that nothing was made for',
      /^problem settings: default_transaction_isolation is serializable/,
      `alter database :name set default_transaction_isolation = 'serializable'`,
      'alter database :name reset default_transaction_isolation',
    ],
    [
      'a dead letter',
      /^warning dead letters: pennco has 1 open one/,
      `insert into sync.receipts (tenant, key, actor, role, name, args, content, status)
       values ('pennco', gen_random_uuid(), 'a01', 'agent', 'confirmDelivery', '{}', '', 'dead')`,
      'delete from sync.receipts',
    ],
    [
      'a queue that is halted for long',
      /^warning halted queues: 1 mutation keep failing, up to 3 tries; 1 for more than 15 minutes/,
      `insert into sync.halts values ('pennco', gen_random_uuid(), 3, now() - interval '1 hour', now(), 'an error')`,
      'delete from sync.halts',
    ],
    [
      'writes that nobody publishes',
      /^warning unpublished writes: 1 mark, the oldest \d+ s old/,
      `insert into sync.dirty (tenant, collection, row_id, origin, at) values ('pennco', 'agents', 'x', '', now() - interval '5 minutes')`,
      'delete from sync.dirty',
    ],
    [
      'pushes that their process did not survive',
      /^warning broken-off pushes: 1 push began/,
      `insert into sync.attempts values ('pennco', 'c', gen_random_uuid(), now() - interval '1 day')`,
      'delete from sync.attempts',
    ],
    [
      'a backfill that stands still',
      /^warning backfills: the rows that "agents" had before/,
      `update sync.tracked set filled = false where collection = 'agents'`,
      `update sync.tracked set filled = true where collection = 'agents'`,
    ],
    [
      'a collection that the model does not have',
      /^warning tracking: "former" is tracked, and the model has no such collection/,
      `insert into sync.tracked (collection, table_name, scopes_query, definition)
       select 'former', table_name, scopes_query, definition from sync.tracked where collection = 'agents'`,
      `delete from sync.tracked where collection = 'former'`,
    ],
    [
      'a unique index that looks beyond the tenant',
      /^warning indexes: the unique index loans of deliveries is without the tenant/,
      'create unique index loans on deliveries (loan_id, instalment_no, id)',
      'drop index loans',
    ],
    [
      'a replication slot that fills the disk',
      /^warning standbys: nobody reads the replication slot "forgotten"/,
      `select pg_create_physical_replication_slot('forgotten', true)`,
      `select pg_drop_replication_slot('forgotten')`,
    ],
    [
      'a migration that has not run',
      /^problem migrations: 1 migration not run yet/,
      `update drizzle.ekbaar_migrations set created_at = created_at - 1e12 where created_at = (select max(created_at) from drizzle.ekbaar_migrations)`,
      `update drizzle.ekbaar_migrations set created_at = created_at + 1e12 where created_at = (select min(created_at) from drizzle.ekbaar_migrations)`,
    ],
  ])('%s', async (_name, says, ill, well) => {
    const name = new URL(url).pathname.slice(1);
    const found = await wrongAfter(ill.replaceAll(':name', name), well.replaceAll(':name', name));
    expect(found).toEqual([expect.stringMatching(says)]);
  });

  test('an untracked collection', async () => {
    expect(await ekbaar(url, ['untrack', 'agents', '--yes'])).toMatchObject({ code: 0 });
    expect(await wrong()).toEqual(['problem tracking: the collection "agents" is not tracked']);
    expect(await ekbaar(url, ['track', 'agents'])).toMatchObject({ code: 0 });
    expect(await wrong()).toEqual([]);
  });

  test('too few connections for the pool that servers keep', async () => {
    expect(await wrong('--connections', '150')).toEqual([expect.stringMatching(/^warning settings: max_connections/)]);
  });

  test('a setting under which a power cut may take all: fsync', async () => {
    const careless = await startPostgres();
    const { url: other } = await careless.freshDatabase();
    const { out } = await ekbaar(other, ['doctor', '--json']);
    const says = (JSON.parse(out) as Finding[]).map((finding) => finding.says);
    expect(says).toContainEqual(expect.stringMatching(/^fsync is off/));
    expect(says).toContainEqual(expect.stringMatching(/^full_page_writes is off/));
    await careless.stop();
  });

  test.skipIf(!havePgBouncer())('a pooler that nobody mentioned, and one that was', async () => {
    const bouncer = await startPgBouncer(url, 4);
    const by = (...args: string[]) => ekbaar(bouncer.url, ['doctor', '--json', ...args]);
    const pooler = ({ out }: { out: string }) => (JSON.parse(out) as Finding[]).find(({ check }) => check === 'pooler');
    expect(pooler(await by('--pooler', 'transaction'))).toMatchObject({ level: 'fine' });
    expect(pooler(await by())).toMatchObject({
      level: 'problem',
      remedy: expect.stringContaining('DATABASE_POOLER=transaction'),
    });
    expect(pooler(await ekbaar(url, ['doctor', '--json', '--pooler', 'transaction']))).toMatchObject({ level: 'note' });
    await bouncer.stop();
  });
});
