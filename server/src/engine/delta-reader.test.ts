import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database, Queryable } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { openDatabase } from '../db/open.ts';
import { Replica } from '../db/replica.ts';
import { DeltaReader } from './delta-reader.ts';

let standby: Database;
beforeAll(async () => {
  standby = await openDatabase();
  await migrate(standby, { synced: [], serverTables: [], model: 1 });
});
afterAll(() => standby.close());

test('while the primary is away, a replica of its history answers all who ask at once', async () => {
  let away = false;
  let now = 0;
  const errors: unknown[] = [];
  const { db } = standby;
  const here = <T>(ask: () => Promise<T>) => (away ? Promise.reject(new Error('the primary is away')) : ask());
  const primary = {
    ...standby,
    db: {
      execute: (statement: Parameters<Queryable['execute']>[0]) => here(async () => db.execute(statement)),
      transaction: (...how: Parameters<Queryable['transaction']>) => here(() => db.transaction(...how)),
    } as unknown as Queryable,
  };
  const monotonic = () => now;
  const replica = new Replica({ database: standby, monotonic, onError: (error) => errors.push(error) });
  const reader = new DeltaReader({ database: primary, replica, tables: new Map(), monotonic });
  const read = () => reader.read({ tenant: 'pennco', readable: ['agent:a01'], cursor: null, limit: 10, diverged: [] });
  const first = await read();
  away = true;
  // Its history is asked for again.
  now += 60_000;
  expect(await Promise.all([read(), read(), read()])).toEqual([first, first, first]);
  expect(errors).toEqual([]);
});
