import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/postgres.ts';
import { databaseFault } from './fault.ts';
import { postgresDatabase } from './postgres.ts';

let fresh: FreshDatabase;
let admin: postgres.Sql;
beforeAll(async () => {
  fresh = await freshDatabase();
  admin = postgres(fresh.url, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await admin.end();
  await fresh.drop();
});

test.each([undefined, 'transaction'] as const)(
  'the work ends with the lock: its session was ended, and another has it (pooler: %s)',
  async (pooler) => {
    const database = postgresDatabase(fresh.url, { pooler });
    const steps: string[] = [];
    const began = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const first = database.withAdvisoryLock(42, async (db) => {
      await db.execute(sql`select 1`);
      began.resolve();
      await ended.promise;
      await db.execute(sql`select 1`);
      steps.push('went on without the lock');
    });
    const fault = first.catch((error: unknown) => databaseFault(error));
    await began.promise;
    await admin`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'`;
    await expect.poll(async () => (await admin`select from pg_locks where locktype = 'advisory'`).length).toBe(0);
    await database.withAdvisoryLock(42, async (db) => {
      await db.execute(sql`select 1`);
      ended.resolve();
      // The other one has the time to go on, if it can.
      await sleep(300);
      steps.push('the next one');
    });
    expect(await fault).toBe('unavailable');
    expect(steps).toEqual(['the next one']);
    await database.close();
  },
);
