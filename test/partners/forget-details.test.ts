import { type Database, type Queryable, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bench, Handling } from '../../examples/field-ops/src/server/jobs/consumers/consumer.ts';
import { schedule } from '../../examples/field-ops/src/server/jobs/consumers/schedule.ts';
import { demoPglite } from '../support/demo-pglite.ts';

const now = new Date('2026-11-22T21:00:00Z');
const handling: Handling = { createdOn: now, signal: new AbortController().signal, lastTry: false };
let database: Database;
let db: Queryable;

beforeAll(async () => {
  database = await demoPglite();
  ({ db } = database);
});
afterAll(() => database.close());

/** What is known of the past, and which statements wrote it last. */
async function past() {
  const [seen] = await rowsOf<{ told: number; writers: string }>(
    db,
    sql`select count(*) filter (where told)::int as told, string_agg(distinct writer, ' ' order by writer) as writers from (
          select request is not null or answer is not null as told, xmin::text as writer from outgoing_attempts where at < '2026-08-01'
          union all
          select body <> '{}', xmin::text from incoming_events where received_at < '2026-08-01') as rows`,
  );
  return seen;
}

test('what was said on the wire is forgotten after 90 days, once, in steps', async () => {
  const attempts = (at: string, count: number) =>
    db.execute(sql`
      insert into outgoing_attempts (tenant, message_id, no, at, request, answer)
      select 'pennco', gen_random_uuid(), 1, ${at}::timestamptz, 'POST', case when i % 2 = 0 then 'no' end
      from generate_series(1, ${count}::int) i`);
  const events = (at: string, count: number) =>
    db.execute(sql`
      insert into incoming_events (tenant, source, event_id, type, body, received_at)
      select 'pennco', 'stripe', ${at} || i, 'payout.paid', '{"a":1}', ${at}::timestamptz
      from generate_series(1, ${count}::int) i`);
  await attempts('2026-07-01', 12_000);
  await events('2026-07-01', 7000);
  await attempts('2026-11-01', 3);
  await events('2026-11-01', 3);
  const bench = { db, clock: () => now } as unknown as Bench;
  const beat = () => schedule.run(bench, { name: 'forget-details' }, handling);
  expect(await beat()).toMatchObject({ note: expect.stringContaining('12000 tries and 7000 events') as string });
  const after = await past();
  expect(after?.told).toBe(0);
  // 5,000 at once.
  expect(after?.writers.split(' ')).toHaveLength(5);
  // The next night writes nothing of it again.
  expect(await beat()).toMatchObject({ note: expect.stringContaining('of 0 tries and 0 events') as string });
  expect(await past()).toEqual(after);
  const kept = sql`select (select count(request) from outgoing_attempts where at > '2026-10-01')::int as attempts,
    (select count(*) from incoming_events where received_at > '2026-10-01' and body <> '{}')::int as events`;
  expect(await rowsOf(db, kept)).toEqual([{ attempts: 3, events: 3 }]);
});
