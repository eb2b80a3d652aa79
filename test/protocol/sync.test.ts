import { gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm, statusOf } from './delivery.ts';
import { device, mutation } from './device.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

describe('POST /v1/sync', () => {
  test('a first sync without mutations is a pull: the agent’s own rows and an account of them', async () => {
    const request = crypto.randomUUID();
    const answer = await ekbaar.sync(agent, { request });
    expect(answer).toMatchObject({ request, receipts: [], stopped: null });
    expect(answer.delta).toMatchObject({ lastMutationId: 0, reset: [], dropped: [], more: false });
    expect(Object.keys(answer.delta.scopes)).toEqual(['agent:a01']);
    expect(answer.delta.scopes['agent:a01']?.rows).toBe(answer.delta.changes.length);
    const collections = Map.groupBy(answer.delta.changes, ({ collection }) => collection);
    expect(collections.get('agents')?.map(({ id }) => id)).toEqual(['a01']);
    expect(collections.get('deliveries')).toHaveLength(15);
  });

  test('a mutation is applied, and its effect is in the delta of the same answer', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const { cursor } = (await phone.sync()).delta;
    const [confirmation] = phone.next(confirm(delivery));
    const { receipts, stopped, delta } = await phone.sync({ mutations: confirmation ? [confirmation] : [], cursor });
    expect(stopped).toBeNull();
    expect(receipts).toEqual([
      {
        id: 1,
        key: confirmation?.key,
        status: 'applied',
        result: { receiptNo: expect.stringMatching(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/) },
        replayed: false,
      },
    ]);
    expect(delta.lastMutationId).toBe(1);
    expect(delta.changes.find(({ id }) => id === delivery.id)).toMatchObject({
      scope: 'agent:a01',
      collection: 'deliveries',
      version: delta.scopes['agent:a01']?.version,
      row: { id: delivery.id, status: 'confirmed', amountPaise: 124_000, confirmedAt: '2026-11-22T04:34:05.123Z' },
    });
  });

  test('only declared columns leave the server', async () => {
    const { delta } = await ekbaar.sync(agent);
    const row = delta.changes.find(({ collection }) => collection === 'deliveries')?.row;
    expect(Object.keys(row ?? {}).toSorted()).toEqual(
      [
        ...['agentId', 'amountPaise', 'confirmedAt', 'customerName', 'customerPhone', 'dueOn', 'failReason', 'id'],
        ...['instalmentNo', 'kind', 'loanId', 'mfiId', 'pincode', 'receiptNo', 'regionId', 'status', 'village'],
      ].toSorted(),
    );
  });

  test('a receipt notes who, what, the device’s time and how wrong its clock was', async () => {
    const delivery = await addDelivery(ekbaar);
    const slow = new Date(Date.now() - 3_600_000).toISOString();
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery, { at: slow }));
    await phone.sync({ mutations, sentAt: slow });
    const [kept] = await ekbaar.query<Record<string, unknown>>(
      sql`select actor, role, client_id, mutation_id::int as mutation_id, name, model, clock_error_ms::int as error
          from sync.receipts where key = ${mutations[0]?.key}`,
    );
    expect(kept).toMatchObject({ actor: 'a01', role: 'agent', client_id: phone.clientId, mutation_id: 1, model: 1 });
    expect(Math.abs(Number(kept?.['error']) + 3_600_000)).toBeLessThan(60_000);
  });

  test('a client id belongs to the actor that used it first', async () => {
    const phone = device(ekbaar, agent);
    await phone.sync();
    const other = await ekbaar.token('a02', 'agent');
    const answer = await ekbaar.trySync(other, { clientId: phone.clientId });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'client_owned_by_another' });
  });

  test('the same client id in another tenant is another client', async () => {
    const phone = device(ekbaar, agent);
    await phone.sync();
    const other = await ekbaar.token('a02', 'agent', 'vishi');
    expect((await ekbaar.trySync(other, { clientId: phone.clientId })).status).toBe(200);
  });

  test('a gzip body is understood', async () => {
    const delivery = await addDelivery(ekbaar);
    const body = {
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1 },
      ...{ clientId: crypto.randomUUID(), mutations: [mutation(1, confirm(delivery))] },
    };
    const answer = await ekbaar.post('/v1/sync', agent, gzipSync(JSON.stringify(body)), { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(200);
    expect(await statusOf(ekbaar, delivery)).toBe('confirmed');
  });

  test('the answer is compressed for a client that accepts it', async () => {
    const answer = await ekbaar.trySync(agent);
    expect(answer.headers.get('content-encoding')).toMatch(/gzip|deflate|br/);
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
  });

  test.each([
    ['compressed', { 'accept-encoding': 'gzip' }, 'gzip'],
    ['as it is', { 'accept-encoding': 'gzip;q=0' }, null],
  ] as const)('the answer leaves with its length, in one piece: %s', async (_how, accepting, encoding) => {
    const { headers } = await ekbaar.get('/v1/pull', agent, accepting);
    expect(headers.get('content-encoding')).toBe(encoding);
    expect(Number(headers.get('content-length'))).toBeGreaterThan(0);
    expect(headers.get('transfer-encoding')).toBeNull();
  });

  test('fields that this version does not know are ignored', async () => {
    expect((await ekbaar.trySync(agent, { later: { version: 2 } })).status).toBe(200);
  });

  test('health and readiness need no token', async () => {
    expect((await ekbaar.get('/healthz', null)).status).toBe(200);
    expect((await ekbaar.get('/readyz', null)).status).toBe(200);
  });
});
