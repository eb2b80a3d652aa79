import { openDatabase } from '@ekbaar/server';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { forgetSignIns } from '../../examples/field-ops/src/server/identity/forget.ts';
import { Tries } from '../../examples/field-ops/src/server/identity/tries.ts';

const now = new Date('2026-11-26T00:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();

let database: FreshDatabase;
let fieldOps: FieldOps;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url });
  sql = postgres(database.url, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await fieldOps.close();
  await database.drop();
});

test('what is over is deleted, what is not stays, and a locked PIN stays locked', async () => {
  for (const [id, ended] of [
    ['old', 121],
    ['young', 119],
  ] as const) {
    await sql`insert into sessions (tenant, id, account_id, kind, token_hash, version_at, created_at, used_at, expires_at, ended_at, ended_why)
      values ('pennco', ${id}, 'a01', 'phone', ${id}, 'epoch', ${daysAgo(300)}, ${daysAgo(ended + 60)}, ${daysAgo(ended)},
        ${daysAgo(ended)}, 'revoked')`;
    await sql`insert into reset_codes (tenant, account_id, code_hash, created_at, expires_at)
      values ('pennco', 'a01', ${id}, ${daysAgo(300)}, ${id === 'old' ? daysAgo(2) : now.toISOString()})`;
    await sql`insert into identity_audit (tenant, at, id, event, subject)
      values ('pennco', ${daysAgo(id === 'old' ? 401 : 399)}, gen_random_uuid(), 'refused', ${id})`;
  }
  const { db, close } = await openDatabase({ url: database.url });
  const back = new Tries(db, () => new Date(daysAgo(200)));
  const locked = { tenant: 'pennco', kind: 'login', key: 'a02', lockAfter: 2 } as const;
  await back.take(locked);
  expect(await back.take(locked)).toEqual({ locks: true });
  await back.take({ tenant: 'pennco', kind: 'login', key: 'somebody' });
  const young = new Tries(db, () => new Date(daysAgo(1)));
  await young.take({ tenant: 'pennco', kind: 'login', key: 'somebody-else' });

  expect(await forgetSignIns(db, now, 400)).toBe('forgot 1 sessions, 1 codes, 1 tries, 1 events of the audit');
  expect(await sql`select id from sessions`).toEqual([{ id: 'young' }]);
  expect(await sql`select code_hash from reset_codes`).toEqual([{ code_hash: 'young' }]);
  expect(await sql`select subject from identity_audit`).toEqual([{ subject: 'young' }]);
  await expect(new Tries(db, () => now).take(locked)).rejects.toThrow('must reset this PIN');
  expect(await forgetSignIns(db, now, 400)).toBe('forgot 0 sessions, 0 codes, 0 tries, 0 events of the audit');
  await close();
});
