import { type SQL, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/postgres.ts';
import { type Database, type Queryable, rowsOf } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { postgresDatabase } from '../db/postgres.ts';
import { auditOf, auditPage } from './audit-log.ts';
import { encodePageCursor } from './page-cursor.ts';
import { deadLetterPage, receiptPage, recordedReceipt } from './recorded-receipts.ts';
import { reading } from './transaction.ts';

let fresh: FreshDatabase;
let database: Database;
const rows = 20_000;
beforeAll(async () => {
  fresh = await freshDatabase();
  database = postgresDatabase(fresh.url);
  await migrate(database, { synced: [], serverTables: [], model: 1 });
  await database.db.execute(sql`
    insert into sync.receipts (tenant, key, actor, role, name, args, content, status, server_at)
    select 'pennco', gen_random_uuid(), 'a' || n % 500, 'writer', 'write', '{}', 'c',
      case when n % 100 = 0 then 'dead' else 'applied' end, '2026-11-22T10:00:00Z'::timestamptz - n * interval '1 second'
    from generate_series(1, ${sql.raw(String(rows))}) n`);
  await database.db.execute(sql`
    insert into sync.audit (tenant, actor, action, subject)
    select 'pennco', 'olga', 'dead_letter.closed', n::text from generate_series(1, ${sql.raw(String(rows))}) n`);
  await database.db.execute(sql`analyze sync.receipts, sync.audit`);
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

test('a page of large receipts ends before it outgrows anybody, and none is left out or comes twice', async () => {
  await database.db.execute(sql`
    insert into sync.receipts (tenant, key, actor, role, name, args, content, status)
    select 'vishi', gen_random_uuid(), 'a1', 'writer', 'write', json_build_object('body', repeat('x', 900000)), 'c', 'dead'
    from generate_series(1, 12)`);
  for (const list of [
    async (cursor?: string) => {
      const { deadLetters, next } = await reading(database, 'vishi', (tx) =>
        deadLetterPage(tx, 'vishi', { limit: 11, cursor }),
      );
      return { found: deadLetters, next };
    },
    async (cursor?: string) => {
      const { receipts, next } = await reading(database, 'vishi', (tx) =>
        receiptPage(tx, 'vishi', { limit: 11, cursor }),
      );
      return { found: receipts, next };
    },
  ]) {
    const pages: string[][] = [];
    for (let cursor: string | undefined; pages.length < 12;) {
      const { found, next } = await list(cursor);
      pages.push(found.map(({ key: one }) => one));
      if (next === null) break;
      cursor = next;
    }
    expect(pages.map(({ length }) => length)).toEqual([5, 5, 2]);
    expect(new Set(pages.flat()).size).toBe(12);
  }
});

/** How PostgreSQL would run what is sent by `read`, as the engine's role under the tenant's row-level security. */
function planOf(read: (tx: Queryable) => Promise<unknown>): Promise<string> {
  return reading(database, 'pennco', async (tx) => {
    const plan: string[] = [];
    const explaining = {
      execute: async (statement: SQL) => {
        const lines = await rowsOf<Record<string, string>>(tx, sql`explain ${statement}`);
        plan.push(...lines.flatMap((line) => Object.values(line)));
        return [];
      },
    };
    await read(explaining as unknown as Queryable);
    return plan.join('\n');
  });
}

const key = '00000000-0000-4000-8000-000000000000';
const after = (list: string) => encodePageCursor(list, '1763800000000000', key);
const now = new Date('2026-11-22T09:00:00Z');

test.for<[what: string, index: string, read: (tx: Queryable) => Promise<unknown>]>([
  ['the first dead letters', 'receipts_dead', (tx) => deadLetterPage(tx, 'pennco', { limit: 20 })],
  [
    'the dead letters after a cursor',
    'receipts_dead',
    (tx) => deadLetterPage(tx, 'pennco', { limit: 20, cursor: after('dead-letters') }),
  ],
  ['the newest receipts', 'receipts_by_time', (tx) => receiptPage(tx, 'pennco', { limit: 20 })],
  [
    'the receipts after a cursor',
    'receipts_by_time',
    (tx) => receiptPage(tx, 'pennco', { limit: 20, cursor: after('receipts') }),
  ],
  ['the receipts of an hour', 'receipts_by_time', (tx) => receiptPage(tx, 'pennco', { limit: 20, to: now })],
  ['the receipts of an actor', 'receipts_by_actor', (tx) => receiptPage(tx, 'pennco', { limit: 20, actor: 'a7' })],
  [
    'those of an actor after a cursor',
    'receipts_by_actor',
    (tx) => receiptPage(tx, 'pennco', { limit: 20, actor: 'a7', cursor: after('receipts') }),
  ],
  ['one receipt', 'receipts_tenant_key_pk', (tx) => recordedReceipt(tx, 'pennco', key)],
  ['what was done to one', 'audit_by_subject', (tx) => auditOf(tx, 'pennco', '77')],
  ['the newest that was done', 'audit_tenant_id_pk', (tx) => auditPage(tx, 'pennco', { limit: 20 })],
])('%s: by an index, whole tables never', async ([, index, read]) => {
  const plan = await planOf(read);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan on (receipts|audit)/);
});
