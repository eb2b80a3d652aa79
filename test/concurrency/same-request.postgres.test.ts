import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mutation } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { readBooks } from '../support/books.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { confirm } from '../protocol/delivery.ts';
import { mutation } from '../protocol/device.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let database: FreshDatabase;
let fieldOps: FieldOps;

beforeAll(async () => {
  database = await freshDatabase();
  // As on many nodes: on one, a client's requests take turns before they reach the database.
  const limits = { clientInFlight: 20 };
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 2, deliveries: 200 }, limits });
});

afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

test('the same request of 50 mutations, posted 20 times at once, has 50 receipts and 50 effects', async () => {
  const token = await fieldOps.token('a01', 'agent');
  const mutations = await confirmations('a01', 50);

  const answers = await Promise.all(
    Array.from({ length: 20 }, () => fieldOps.sync(token, { clientId: 'phone-0001', mutations })),
  );

  const outcomes = answers.map(({ receipts }) => receipts.map(({ replayed: _, ...outcome }) => outcome));
  expect(outcomes[0]).toHaveLength(50);
  expect(outcomes[0]?.every(({ status }) => status === 'applied')).toBe(true);
  for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
  // Each mutation ran under one of the twenty requests and was replayed to the others.
  const ran = answers.flatMap(({ receipts }) => receipts).filter(({ replayed }) => !replayed);
  expect(ran).toHaveLength(50);
  const books = await readBooks(database.url, 'pennco');
  expect(books).toMatchObject({
    confirmed: 50,
    receipts: { applied: 50 },
    unbalanced: 0,
    jobs: { sms: 50, 'mfi-webhook': 50 },
  });
  expect(books.debitPaise).toBe(books.creditPaise);
});

test('the same request a hundred times at once: none of them is refused', async () => {
  const token = await fieldOps.token('a02', 'agent');
  const request = { clientId: 'phone-0002', mutations: [mutation(1, { name: '$skip' })] };
  const answers = await Promise.all(Array.from({ length: 100 }, () => fieldOps.sync(token, request)));
  expect(answers.filter(({ receipts }) => receipts[0]?.replayed === false)).toHaveLength(1);
  expect(answers.filter(({ receipts }) => receipts[0]?.replayed === true)).toHaveLength(99);
});

test('the same keys from 10 clients of one person at once: each is done once', async () => {
  const token = await fieldOps.token('a02', 'agent');
  const mutations = await confirmations('a02', 20);

  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, at) => fieldOps.sync(token, { clientId: `reinstall-${at}`, mutations })),
  );

  expect(answers.flatMap(({ receipts }) => receipts).filter(({ replayed }) => !replayed)).toHaveLength(20);
  expect(await readBooks(database.url, 'pennco')).toMatchObject({
    confirmed: 70,
    receipts: { applied: 70 },
    unbalanced: 0,
  });
});

/** Mutations 1, 2, 3 … of a fresh log, each of which confirms another delivery of the agent's. */
async function confirmations(agent: string, count: number): Promise<Mutation[]> {
  const due = await fieldOps.query<{ id: string; amount: string }>(
    sql`select id, amount_paise::text as amount from deliveries where tenant = 'pennco' and agent_id = ${agent} order by id limit ${count}`,
  );
  return due.map(({ id, amount }, at) => mutation(at + 1, confirm({ id, amountPaise: Number(amount) })));
}
