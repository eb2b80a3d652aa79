import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bench, Handling } from '../../examples/field-ops/src/server/jobs/consumers/consumer.ts';
import { payment } from '../../examples/field-ops/src/server/jobs/consumers/payment.ts';
import { findMessage } from '../../examples/field-ops/src/server/jobs/message-store.ts';
import { findPayout, reportPayout } from '../../examples/field-ops/src/server/jobs/payout-store.ts';
import type { Answer, PaymentPort } from '../../examples/field-ops/src/server/jobs/port.ts';
import type { Database, Queryable } from '@ekbaar/server';
import { demoPglite } from '../support/demo-pglite.ts';

const now = new Date('2026-11-22T12:00:00Z');
const handling: Handling = { createdOn: now, signal: new AbortController().signal, lastTry: false };
const paid: Answer = { outcome: 'done', providerId: 'po_1', report: { status: 'paid' } };
let database: Database;
let db: Queryable;

beforeAll(async () => {
  database = await demoPglite();
  ({ db } = database);
});
afterAll(() => database.close());

/** A bank of some tenants that notes what it hears. */
function bank(tenants: readonly string[] = ['pennco'], found: Answer = paid) {
  const heard: string[] = [];
  const hears =
    (what: string, answer: Answer) =>
    (_order: unknown, { key }: { readonly key: string }) => {
      heard.push(`${what} ${key}`);
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
