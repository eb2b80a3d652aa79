import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm, statusOf } from './delivery.ts';
import { problemIn } from './problem.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const key = () => ({ 'idempotency-key': crypto.randomUUID() });
const slashes = ['', '/'];

describe('POST /api/v1/deliveries/{id}/confirm', () => {
  test.each(slashes)('with "%s" at the end: confirms', async (slash) => {
    const delivery = await addDelivery(ekbaar);
    const args = { amountPaise: delivery.amountPaise, confirmedAt: '2026-11-22T10:00:00Z' };
    const answer = await ekbaar.post(`/api/v1/deliveries/${delivery.id}/confirm${slash}`, agent, args, key());
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'applied', result: { receiptNo: expect.any(String) } });
    expect(await statusOf(ekbaar, delivery)).toBe('confirmed');
  });

  test('the id in the path counts, not the one in the body', async () => {
    const [one, two] = [await addDelivery(ekbaar), await addDelivery(ekbaar)];
    await ekbaar.post(`/api/v1/deliveries/${one.id}/confirm`, agent, confirm(two).args, key());
    expect([await statusOf(ekbaar, one), await statusOf(ekbaar, two)]).toEqual(['confirmed', 'pending']);
  });

  test('needs a key; a replay says so', async () => {
    const delivery = await addDelivery(ekbaar);
    const path = `/api/v1/deliveries/${delivery.id}/confirm`;
    const { args } = confirm(delivery);
    expect(problemIn(await ekbaar.post(path, agent, args)).code).toBe('idempotency_key_required');
    const headers = key();
    const first = await ekbaar.post(path, agent, args, headers);
    const again = await ekbaar.post(path, agent, args, headers);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('and /v1/mutations/confirmDelivery are the same mutation: a key of one is a key of the other', async () => {
    const delivery = await addDelivery(ekbaar);
    const { args } = confirm(delivery);
    const headers = key();
    const first = await ekbaar.post(`/api/v1/deliveries/${delivery.id}/confirm`, agent, args, headers);
    const again = await ekbaar.post('/v1/mutations/confirmDelivery', agent, args, headers);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('an id that needs escaping', async () => {
    const delivery = await addDelivery(ekbaar, { id: `d/é ${crypto.randomUUID()}` });
    const path = `/api/v1/deliveries/${encodeURIComponent(delivery.id)}/confirm`;
    expect((await ekbaar.post(path, agent, confirm(delivery).args, key())).status).toBe(200);
  });
});

describe('POST /api/v1/agents/{id}/location', () => {
  const args = { lat: 24.7, lng: 85, accuracyM: 12.5, at: '2026-11-22T10:00:00Z' };

  test.each(slashes)('with "%s" at the end: notes where the agent is, without a key', async (slash) => {
    const answer = await ekbaar.post(`/api/v1/agents/a01/location${slash}`, agent, args);
    expect(answer.status).toBe(200);
    const [position] = await ekbaar.query(
      sql`select lat, lng, accuracy_m from agent_positions where tenant = 'pennco' and agent_id = 'a01'`,
    );
    expect(position).toEqual({ lat: 24.7, lng: 85, accuracy_m: 12.5 });
  });

  test('another’s id in the path: 403, and nothing is noted', async () => {
    expect(problemIn(await ekbaar.post('/api/v1/agents/a02/location', agent, args)).code).toBe('forbidden');
    expect(await ekbaar.query(sql`select from agent_track where agent_id = 'a02'`)).toEqual([]);
  });

  test('an older place that comes late belongs to the track, not on the map', async () => {
    const fourth = await ekbaar.token('a04', 'agent');
    for (const [lat, at] of [
      [10, '2026-11-22T10:00:00Z'],
      [20, '2026-11-22T09:00:00Z'],
    ] as const) {
      await ekbaar.post('/api/v1/agents/a04/location', fourth, { ...args, lat, at });
    }
    expect(await ekbaar.query(sql`select lat from agent_positions where agent_id = 'a04'`)).toEqual([{ lat: 10 }]);
    expect(await ekbaar.query(sql`select from agent_track where agent_id = 'a04'`)).toHaveLength(2);
  });

  test('a place from the future counts as now: the next one is on the map again', async () => {
    const third = await ekbaar.token('a03', 'agent');
    for (const [lat, at] of [
      [10, '2099-01-01T00:00:00Z'],
      [20, '2099-01-01T00:00:00Z'],
    ] as const) {
      await ekbaar.post('/api/v1/agents/a03/location', third, { ...args, lat, at });
    }
    const [position] = await ekbaar.query<{ lat: number; past: boolean }>(
      sql`select lat, at <= now() + interval '1 minute' as past from agent_positions where agent_id = 'a03'`,
    );
    expect(position).toEqual({ lat: 20, past: true });
  });

  test('ops see it in their region', async () => {
    const ops = await ekbaar.token('ops', 'ops');
    await ekbaar.post('/api/v1/agents/a01/location', agent, args);
    const { body } = await ekbaar.get('/v1/collections/agentPositions/a01', ops);
    expect(body).toMatchObject({ agentId: 'a01', lng: 85, at: expect.stringMatching(/Z$/) });
  });
});

describe('GET /api/v1/deliveries', () => {
  test.each(slashes)('with "%s" at the end: the collection, by status and region', async (slash) => {
    const delivery = await addDelivery(ekbaar, { regionId: `IN-BR-rest${slash.length}` });
    const ops = await ekbaar.token('ops', 'ops');
    const answer = await ekbaar.get(`/api/v1/deliveries${slash}?status=pending&region=${delivery.regionId}`, ops);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ rows: [{ id: delivery.id, regionId: delivery.regionId }], next: null });
    const none = await ekbaar.get(`/api/v1/deliveries${slash}?status=failed&region=${delivery.regionId}`, ops);
    expect(none.body).toEqual({ rows: [], next: null });
  });

  test('an agent sees its own', async () => {
    const { body } = await ekbaar.get('/api/v1/deliveries?limit=500', agent);
    const { rows } = body as { rows: { agentId: string }[] };
    expect(new Set(rows.map(({ agentId }) => agentId))).toEqual(new Set(['a01']));
  });
});

describe('POST /api/v1/disbursements/{id}/reconcile', () => {
  test.each(slashes)('with "%s" at the end: compares with the bank', async (slash) => {
    const delivery = await addDelivery(ekbaar, { kind: 'disbursement' });
    await ekbaar.post('/v1/mutations/confirmDelivery', agent, confirm(delivery).args, key());
    const settlement = await ekbaar.token('settlement', 'settlement');
    const path = `/api/v1/disbursements/b-${delivery.id}/reconcile${slash}`;
    const args = { bankRef: 'UTR1', amountPaise: delivery.amountPaise };
    expect(problemIn(await ekbaar.post(path, settlement, args)).code).toBe('idempotency_key_required');
    const answer = await ekbaar.post(path, settlement, args, key());
    expect(answer.body).toMatchObject({ status: 'applied', result: { status: 'reconciled' } });
  });
});

describe('what is not there', () => {
  test.each(['/', '/v2/sync', '/v1', '/v1/sync/more', '/api/v1/agents', '/v1/collections'])(
    'GET %s: 404',
    async (path) => {
      expect(problemIn(await ekbaar.get(path, agent)).code).toBe('not_found');
    },
  );

  test('a long path and a long request id come back as a problem of the protocol', async () => {
    expect(problemIn(await ekbaar.get(`/${'x'.repeat(8000)}`, agent)).code).toBe('not_found');
    expect(problemIn(await ekbaar.get('/x', agent, { 'x-request-id': 'r'.repeat(250) })).code).toBe('not_found');
  });

  test('a trailing slash on the protocol’s own paths is accepted too', async () => {
    expect((await ekbaar.get('/v1/pull/', agent)).status).toBe(200);
  });
});
