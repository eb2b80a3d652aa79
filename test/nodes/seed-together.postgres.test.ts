import { setTimeout as sleep } from 'node:timers/promises';
import { fieldOpsServer } from '@ekbaar/field-ops/server';
import { seedDemo } from '@ekbaar/field-ops/seed';
import { openDatabase } from '@ekbaar/server';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { freshDatabase } from '../support/postgres.ts';

test('a node that starts while another one loads the demo day waits for as long as that takes', async () => {
  const pg = await freshDatabase();
  const server = fieldOpsServer(await openDatabase({ url: pg.url }), { secret: crypto.randomUUID() });
  await server.start();
  const loading = postgres(pg.url, { max: 1, onnotice: () => {} });
  // Patient for far less than the other one takes.
  const waiting = postgres(pg.url, { max: 1, onnotice: () => {}, connection: { lock_timeout: 100 } });
  const seeded = loading.begin(async (tx) => {
    await tx`lock table agents in share row exclusive mode`;
    const second = seedDemo(drizzle(waiting), '2026-11-22', { agents: 1, deliveries: 1 });
    const settled = second.then(
      (loaded) => ({ loaded }),
      (error: unknown) => ({ error }),
    );
    const isWaiting = async () =>
      (await tx`select from pg_locks where not granted and relation = 'agents'::regclass`).length === 1;
    while (!(await isWaiting())) await sleep(20);
    await tx`select pg_sleep(0.5)`;
    return { settled };
  });
  try {
    const { settled } = await seeded;
    expect(await settled).toEqual({ loaded: true });
  } finally {
    await Promise.all([loading.end(), waiting.end()]);
    await server.close();
    await pg.drop();
  }
});
