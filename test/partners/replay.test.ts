import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';

let fieldOps: FieldOps;

beforeAll(async () => {
  fieldOps = await startFieldOps();
});
afterAll(() => fieldOps.close());

test('more events than fit into one go are all replayed, each once', async () => {
  const id = crypto.randomUUID();
  await fieldOps.query(sql`
    insert into webhook_endpoints (tenant, id, mfi_id, url, events, created_at, changed_at)
    values ('pennco', ${id}::uuid, 'bfil', 'https://mfi.example', '{}', now(), now())`);
  // Some at the same moment, also where the first go ends.
  await fieldOps.query(sql`
    insert into outgoing_messages (tenant, id, channel, endpoint_id, recipient, body, status, created_at, changed_at)
    select 'pennco', gen_random_uuid(), 'webhook', ${id}::uuid, 'https://mfi.example', '{}', 'sent',
      '2026-11-02'::timestamptz + i / 7 * interval '1 second', now()
    from generate_series(1, 2100) i`);
  const token = await fieldOps.token('ops', 'ops');
  const span = { from: '2026-11-01T00:00:00Z', to: '2026-11-03T00:00:00Z' };
  const went: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const answer = await fieldOps.post(`/api/v1/webhooks/endpoints/${id}/replay`, token, { ...span, cursor });
    expect(answer.status).toBe(202);
    const { replayed, more, next } = answer.body as { replayed: number; more: boolean; next: string | null };
    expect(more).toBe(typeof next === 'string');
    went.push(replayed);
    cursor = next;
    // The worker has sent them by then.
    await fieldOps.query(sql`
      update outgoing_messages set status = 'sent', attempts = attempts + 1
      where endpoint_id = ${id}::uuid and status = 'waiting'`);
  }
  expect(went).toEqual([1000, 1000, 100]);
  const [tries] = await fieldOps.query(sql`
    select min(attempts) as least, max(attempts) as most from outgoing_messages where endpoint_id = ${id}::uuid`);
  expect(tries).toEqual({ least: 1, most: 1 });
});

test('a cursor that none of ours is, is none', async () => {
  const token = await fieldOps.token('ops', 'ops');
  const path = `/api/v1/webhooks/endpoints/${crypto.randomUUID()}/replay`;
  const answer = await fieldOps.post(path, token, { from: '2026-11-01T00:00:00Z', cursor: 'x' });
  expect(answer).toMatchObject({ status: 400, body: { code: 'malformed', issues: [{ path: 'cursor' }] } });
});
