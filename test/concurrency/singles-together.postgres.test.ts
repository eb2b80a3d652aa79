import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

interface Delivery {
  readonly id: string;
  readonly agent: string;
  readonly paise: string | number;
}

let database: FreshDatabase;
let fieldOps: FieldOps;
let pending: Delivery[];

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 6, deliveries: 300 } });
  pending = await fieldOps.query<Delivery>(
    sql`select id, agent_id as agent, amount_paise as paise from deliveries
        where tenant = 'pennco' and status = 'pending' order by id`,
  );
});

afterAll(async () => {
  await fieldOps.close();
  await database.drop();
});

async function confirm(
  delivery: Delivery,
  { agent = delivery.agent, key = crypto.randomUUID(), paise = delivery.paise } = {},
) {
  const body = { amountPaise: Number(paise), confirmedAt: '2026-11-22T10:00:00Z' };
  const token = await fieldOps.token(agent, 'agent');
  const answer = await fieldOps.post(`/api/v1/deliveries/${delivery.id}/confirm`, token, body, {
    'idempotency-key': key,
  });
  return {
    key,
    ...answer,
    body: answer.body as { status: string; error?: { code: string }; result?: unknown; code?: string },
  };
}

/** Transactions that wrote receipts, by their commit's id. */
async function transactionsOf(keys: readonly string[]): Promise<number> {
  const rows = await fieldOps.query<{ xmin: string; key: string }>(
    sql`select xmin::text, key::text from sync.receipts`,
  );
  return new Set(rows.filter(({ key }) => keys.includes(key)).map(({ xmin }) => xmin)).size;
}

test('many at once share transactions, and each has its own receipt and effect', async () => {
  const answers = await Promise.all(pending.splice(0, 60).map((delivery) => confirm(delivery)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const keys = answers.map(({ key }) => key);
  expect(await transactionsOf(keys)).toBeLessThan(40);
  const [books] = await fieldOps.query<Record<string, number>>(
    sql`select count(*)::int as entries, count(distinct delivery_id)::int as deliveries from ledger_entries where tenant = 'pennco'`,
  );
  expect(books).toEqual({ entries: 120, deliveries: 60 });
});

test('the right ones and the wrong ones beside each other: the same answers as one by one', async () => {
  const [first, second, third, ...rest] = pending.splice(0, 20) as [Delivery, Delivery, Delivery, ...Delivery[]];
  const stranger = rest.find(({ agent }) => agent !== second.agent)?.agent ?? 'nobody';
  const key = crypto.randomUUID();
  const answers = await Promise.all([
    confirm(first, { paise: 1 }),
    confirm(second, { agent: stranger }),
    confirm({ ...third, id: 'nowhere' }),
    confirm(third, { key }),
    // The same key at the same time, and the same delivery under another key.
    confirm(third, { key }),
    confirm(third),
    ...rest.map((delivery) => confirm(delivery)),
  ]);
  const codes = answers.map(({ status, body }) => [status, body.error?.code ?? body.code]);
  expect(codes.slice(0, 3)).toEqual([
    [422, 'amount_mismatch'],
    [422, 'not_assigned'],
    [422, 'not_found'],
  ]);
  const ofThird = answers.slice(3, 6).filter(({ status }) => status === 200);
  const replays = ofThird.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
  expect(ofThird.length - replays.length).toBe(1);
  // The other with its key came meanwhile, or behind it.
  const meanwhile = codes.slice(3, 6).filter(([, code]) => code === 'in_flight');
  expect(meanwhile.length + replays.length).toBe(1);
  expect(codes.slice(6).every(([status]) => status === 200)).toBe(true);
  const again = await confirm(third, { key });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const [left] = await fieldOps.query<{ n: number }>(sql`select count(*)::int as n from sync.attempts`);
  expect(left).toEqual({ n: 0 });
});

test('one that waits for a lock holds up none of the others', async () => {
  const [stuck, ...others] = pending.splice(0, 12) as [Delivery, ...Delivery[]];
  const other = postgres(database.url, { max: 1, onnotice: () => {} });
  const held = await other.reserve();
  await held`begin`;
  await held`select from deliveries where tenant = 'pennco' and id = ${stuck.id} for update`;
  let stuckAnswered = false;
  const waiting = confirm(stuck).finally(() => (stuckAnswered = true));
  // Later ones, one after the other: each in a transaction of its own or with its likes, never behind the stuck one.
  const answers = await Promise.all(
    others.map(async (delivery, at) => {
      await sleep(at * 20);
      return confirm(delivery);
    }),
  );
  expect(stuckAnswered).toBe(false);
  await held`rollback`;
  held.release();
  await other.end();
  expect((await waiting).status).toBe(200);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});
