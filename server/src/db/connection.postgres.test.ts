import { queryObjects } from 'node:v8';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/support/postgres.ts';
import { ConnectionPool } from './connection-pool.ts';

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());

test('a connection keeps nothing of the statements that it has answered', async () => {
  const pool = new ConnectionPool(fresh.url, { most: 1 }, {});
  const transactions = async (count: number) => {
    for (let at = 0; at < count; at++) await pool.unsafe('select 1');
    return queryObjects(Array, { format: 'count' });
  };
  const before = await transactions(100);
  const after = await transactions(1000);
  await pool.end();
  // One for each statement, and each transaction has three, would be 3000.
  expect(after - before).toBeLessThan(500);
});
