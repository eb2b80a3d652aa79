import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirm } from '../protocol/delivery.ts';
import { mutation } from '../protocol/device.ts';
import { readBooks } from '../support/books.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const phones = 8;
const each = 40;

let database: FreshDatabase;
let fieldOps: FieldOps;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: phones, deliveries: phones * each } });
});

afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

test('backends ended under load: no request hangs, every confirmation once, no statement outside its transaction', async () => {
  const admin = postgres(database.url, { max: 1, onnotice: () => {} });
  let running = true;
  let ended = 0;
  const ending = (async () => {
    while (running) {
      const killed = await admin`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'ekbaar' and state <> 'idle' and random() < 0.15`;
      ended += killed.length;
      await sleep(30);
    }
  })();

  const statuses = new Map<number, number>();
  const confirmAll = async (agent: string) => {
    const token = await fieldOps.token(agent, 'agent');
    const due = await dueOf(agent);
    // As a phone does: the same request again until it is answered, then the next.
    for (let from = 0; from < due.length; from += 5) {
      const mutations = due
        .slice(from, from + 5)
        .map((delivery, at) => mutation(from + at + 1, confirm(delivery, { key: crypto.randomUUID() })));
      for (let done = false; !done;) {
        const { status, body } = await fieldOps.trySync(token, { clientId: `phone-${agent}`, mutations, limit: 1 });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        done = status === 200 && (body as { receipts: unknown[] }).receipts.length === mutations.length;
      }
    }
  };
  await Promise.all(Array.from({ length: phones }, (_, at) => confirmAll(`a0${at + 1}`)));
  running = false;
  await ending;
  await admin.end();

  console.log(`${ended} backends ended; answers ${JSON.stringify([...statuses])}`);
  expect(ended).toBeGreaterThan(3);
  expect([...statuses.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  const done = phones * each;
  const books = await readBooks(database.url, 'pennco');
  expect(books).toMatchObject({
    confirmed: done,
    receipts: { applied: done },
    unbalanced: 0,
    jobs: { sms: done, 'mfi-webhook': done },
  });
  expect(books.debitPaise).toBe(books.creditPaise);
}, 60_000);

/** The agent's deliveries; asked until a connection lives long enough to answer. */
async function dueOf(agent: string): Promise<{ id: string; amountPaise: number }[]> {
  for (;;) {
    try {
      const due = await fieldOps.query<{ id: string; amount: string }>(
        sql`select id, amount_paise::text as amount from deliveries where tenant = 'pennco' and agent_id = ${agent} order by id`,
      );
      return due.map(({ id, amount }) => ({ id, amountPaise: Number(amount) }));
    } catch {
      await sleep(20);
    }
  }
}
