import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Bench, Handling } from '../../examples/field-ops/src/server/jobs/consumers/consumer.ts';
import { payment } from '../../examples/field-ops/src/server/jobs/consumers/payment.ts';
import { schedule } from '../../examples/field-ops/src/server/jobs/consumers/schedule.ts';
import { findMessage } from '../../examples/field-ops/src/server/jobs/message-store.ts';
import { findPayout, reportPayout } from '../../examples/field-ops/src/server/jobs/payout-store.ts';
import type { Answer, PaymentPort } from '../../examples/field-ops/src/server/jobs/port.ts';
import type { Database, Queryable } from '@ekbaar/server';
import { demoPglite } from '../support/demo-pglite.ts';

let now = new Date('2026-11-22T12:00:00Z');
const handling: Handling = { createdOn: now, signal: new AbortController().signal, lastTry: false };
const paid: Answer = { outcome: 'done', providerId: 'po_1', report: { status: 'paid' } };
let database: Database;
let db: Queryable;

beforeAll(async () => {
  database = await demoPglite();
  ({ db } = database);
});
beforeEach(async () => {
  await db.execute(sql`delete from payouts`);
});
afterAll(() => database.close());

/** A bank of some tenants that notes what it hears, and takes a while to answer. */
function bank(tenants: readonly string[] = ['pennco'], found: Answer = paid, tookMs = 0) {
  const heard: string[] = [];
  const hears =
    (what: string, answer: Answer) =>
    (_order: unknown, { key }: { readonly key: string }) => {
      heard.push(`${what} ${key}`);
      now = new Date(now.getTime() + tookMs);
      return Promise.resolve(answer);
    };
  const port: PaymentPort = {
    ...{ provider: 'bank', afterUnknown: 'ask', act: hears('act', paid), find: hears('find', found) },
  };
  const of = (tenant: string) => ({ payment: tenants.includes(tenant) ? port : undefined });
  const bench = { db, database, clock: () => now, providers: { of }, onAttempt: () => {} } as unknown as Bench;
  return { heard, bench };
}

async function payout(given: { tenant?: string; status?: string; at?: string } = {}) {
  const { tenant = 'pennco', status = 'requested', at = '2026-11-22T11:00:00Z' } = given;
  const id = crypto.randomUUID();
  await db.execute(sql`
    insert into payouts (tenant, id, delivery_id, agent_id, amount_paise, destination, status, requested_at, status_at)
    values (${tenant}, ${id}::uuid, ${id}, 'a01', 100, 'fa_1', ${status}, ${at}::timestamptz, ${at}::timestamptz)`);
  return { tenant, id, job: { tenant, key: crypto.randomUUID(), payoutId: id } };
}

test('what the provider has told of is not ordered, whatever became of the tries', async () => {
  for (const status of ['accepted', 'paid', 'failed', 'reversed'] as const) {
    const { heard, bench } = bank();
    const { tenant, id, job } = await payout();
    // A row of the message, as the first try leaves it.
    await db.execute(sql`
      insert into outgoing_messages (tenant, id, channel, recipient, body, created_at, changed_at)
      values (${tenant}, ${id}::uuid, 'payout', 'fa_1', '{}', now(), now())`);
    await reportPayout(db, tenant, id, { status, provider: 'bank', providerId: id }, now);
    expect(await payment.run(bench, job, handling)).toEqual({ verdict: 'done', note: `it is ${status}` });
    expect([heard, (await findMessage(db, { tenant, id }))?.status]).toEqual([[], 'sent']);
    expect((await findPayout(db, tenant, id))?.status).toBe(status);
  }
});

describe('payouts that have been quiet', () => {
  const beat = async ({ bench }: ReturnType<typeof bank>) => {
    await schedule.run(bench, { name: 'payout-status' }, handling);
    now = new Date(now.getTime() + 10 * 60_000);
  };
  const nothingNew: Answer = { outcome: 'unknown', detail: 'busy' };
  /** As many old ones as there are, of which the bank says nothing new. */
  const many = (tenant: string, count: number) =>
    db.execute(sql`
      insert into payouts (tenant, id, delivery_id, agent_id, amount_paise, destination, status, requested_at, status_at)
      select ${tenant}, gen_random_uuid(), 'old' || i, 'a01', 1, 'fa_1', 'accepted', '2026-01-01', '2026-01-01'
      from generate_series(1, ${count}::int) i`);

  test('of one operator do not keep another one’s waiting, nor those that nobody can be asked about', async () => {
    await many('vishi', 300);
    await many('salesco', 300);
    const { id } = await payout({ status: 'accepted' });
    const both = bank(['pennco', 'vishi'], nothingNew);
    await beat(both);
    expect([both.heard.length, both.heard.includes(`find ${id}`)]).toEqual([200, true]);
  });

  test('are all asked about sooner or later, however many there are', async () => {
    await many('pennco', 250);
    const one = bank(['pennco'], nothingNew);
    for (let i = 0; i < 20; i++) await beat(one);
    expect(new Set(one.heard).size).toBe(250);
  });

  test('are asked about for as long as the job may take', async () => {
    await many('pennco', 50);
    const slow = bank(['pennco'], nothingNew, 20_000);
    await beat(slow);
    expect(slow.heard).toHaveLength(12);
  });

  test('are also those that were ordered and never heard of, and none that are new, settled or not yet ordered', async () => {
    const ordered = await payout();
    const waiting = await payout();
    for (const [{ id }, status] of [
      [ordered, 'sent'],
      [waiting, 'sending'],
    ] as const)
      await db.execute(sql`
        insert into outgoing_messages (tenant, id, channel, recipient, body, status, created_at, changed_at)
        values ('pennco', ${id}::uuid, 'payout', 'fa_1', '{}', ${status}, now(), now())`);
    await payout({ status: 'paid' });
    await payout({ status: 'accepted', at: now.toISOString() });
    const one = bank();
    await beat(one);
    expect(one.heard).toEqual([`find ${ordered.id}`]);
    expect((await findPayout(db, 'pennco', ordered.id))?.status).toBe('paid');
  });
});
