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

const jobsOf = async (key: string | undefined) => {
  const [row] = await ekbaar.query<{ count: number }>(
    sql`select count(*)::int as count from pgboss.job where data ->> 'key' = ${key}`,
  );
  return row?.count;
};

describe('a mutation sent again', () => {
  test('finds its first receipt; nothing runs', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery));
    const [first] = (await phone.sync({ mutations })).receipts;
    const again = await phone.sync({ mutations });
    expect(again.receipts).toEqual([{ ...first, replayed: true }]);
    expect(again.stopped).toBeNull();
    expect(again.delta.lastMutationId).toBe(1);
    expect(await jobsOf(first?.key)).toBe(2);
  });

  test('finds its first receipt when it was rejected, even if it would pass now', async () => {
    const delivery = await addDelivery(ekbaar, { agentId: 'a02' });
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery));
    const [first] = (await phone.sync({ mutations })).receipts;
    expect(first).toMatchObject({ status: 'rejected', error: { code: 'not_assigned' } });
    await ekbaar.query(sql`update deliveries set agent_id = 'a01' where id = ${delivery.id}`);
    expect((await phone.sync({ mutations })).receipts).toEqual([{ ...first, replayed: true }]);
    expect(await statusOf(ekbaar, delivery)).toBe('pending');
  });

  test('may say the same content in other words: order of keys, spelling of numbers and of the UUID', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const [sent] = phone.next(confirm(delivery));
    if (sent === undefined) throw new Error('nothing to send');
    await phone.sync({ mutations: [sent] });
    const args = JSON.stringify(sent.args, ['confirmedAt', 'amountPaise', 'deliveryId']).replace('124000', '1.24e5');
    const body = JSON.stringify({
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1 },
      ...{ clientId: phone.clientId, mutations: [{ ...sent, key: sent.key.toUpperCase(), args: '?' }] },
    }).replace('"?"', args);
    const answer = await ekbaar.post('/v1/sync', agent, body);
    expect(answer.body).toMatchObject({ stopped: null, receipts: [{ id: 1, status: 'applied', replayed: true }] });
  });

  test('together with a new one: the first is replayed, the second runs', async () => {
    const [one, two] = [await addDelivery(ekbaar), await addDelivery(ekbaar)];
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(one), confirm(two));
    await phone.sync({ mutations: mutations.slice(0, 1) });
    const { receipts } = await phone.sync({ mutations });
    expect(receipts).toMatchObject([
      { id: 1, status: 'applied', replayed: true },
      { id: 2, status: 'applied', replayed: false },
    ]);
  });

  test('in the same request twice: one runs, the other is its replay', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery));
    const { receipts } = await phone.sync({ mutations: [...mutations, ...mutations] });
    expect(receipts).toMatchObject([
      { id: 1, status: 'applied', replayed: false },
      { id: 1, status: 'applied', replayed: true },
    ]);
    expect(await jobsOf(mutations[0]?.key)).toBe(2);
  });

  test('without a receipt of its own (a location) is replayed from its slot', async () => {
    const phone = device(ekbaar, agent);
    const args = { lat: 24.7, lng: 85, accuracyM: 12, at: '2026-11-22T10:00:00Z' };
    const mutations = phone.next({ name: 'recordLocation', args });
    await phone.sync({ mutations });
    expect((await phone.sync({ mutations })).receipts).toMatchObject([{ id: 1, status: 'applied', replayed: true }]);
    const track = await ekbaar.query(sql`select from agent_track where key = ${mutations[0]?.key}`);
    expect(track).toHaveLength(1);
    expect(await ekbaar.query(sql`select from sync.receipts where key = ${mutations[0]?.key}`)).toEqual([]);
  });
});

describe('a fork: an id at or below the last with something else in it', () => {
  test.each([
    ['another key', { key: crypto.randomUUID() }],
    ['other args', { args: { deliveryId: 'd0001', reason: 'elsewhere' } }],
    ['another name', { name: 'closeDay' }],
  ])('%s', async (_, other) => {
    const phone = device(ekbaar, agent);
    const mutations = phone.next({ name: 'failDelivery', args: { deliveryId: 'nowhere', reason: 'away' } });
    await phone.sync({ mutations });
    const { receipts, stopped, delta } = await phone.sync({
      mutations: mutations.map((one) => ({ ...one, ...other })),
    });
    expect(receipts).toEqual([]);
    expect(stopped).toMatchObject({ id: 1, code: 'forked' });
    expect(delta.lastMutationId).toBe(1);
  });

  test('stops there: what stands before is answered, what stands behind does not run', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const [one, two] = phone.next({ name: '$skip' }, { name: '$skip' });
    if (one === undefined || two === undefined) throw new Error('nothing to send');
    await phone.sync({ mutations: [one, two] });
    const { receipts, stopped } = await phone.sync({
      mutations: [one, { ...two, key: crypto.randomUUID() }, mutation(3, confirm(delivery))],
    });
    expect(receipts).toMatchObject([{ id: 1, replayed: true }]);
    expect(stopped).toMatchObject({ id: 2, code: 'forked' });
    expect(await statusOf(ekbaar, delivery)).toBe('pending');
  });

  test('a clone goes on under a new client id: each of its mutations is done once by its key', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery));
    const [first] = (await phone.sync({ mutations })).receipts;
    const clone = device(ekbaar, agent);
    expect((await clone.sync({ mutations })).receipts).toEqual([{ ...first, replayed: true }]);
    expect(await jobsOf(first?.key)).toBe(2);
  });
});

describe('a clone under a new client id', () => {
  test('sends its locations again too, and they do not halt its log', async () => {
    const args = { lat: 24.7, lng: 85, accuracyM: 12, at: '2026-11-22T10:00:00Z' };
    const mutations = [mutation(1, { name: 'recordLocation', args }), mutation(2, confirm(await addDelivery(ekbaar)))];
    await device(ekbaar, agent).sync({ mutations });
    const { receipts, stopped } = await device(ekbaar, agent).sync({ mutations });
    expect(stopped).toBeNull();
    expect(receipts).toMatchObject([{ status: 'applied' }, { status: 'applied', replayed: true }]);
  });
});

describe('a gap', () => {
  test('an id above last + 1 stops the log there; what came before is kept', async () => {
    const [one, two] = [await addDelivery(ekbaar), await addDelivery(ekbaar)];
    const phone = device(ekbaar, agent);
    const { receipts, stopped, delta } = await phone.sync({
      mutations: [mutation(1, confirm(one)), mutation(3, confirm(two))],
    });
    expect(receipts).toMatchObject([{ id: 1, status: 'applied' }]);
    expect(stopped).toMatchObject({ id: 3, code: 'gap', expected: 2 });
    expect(delta.lastMutationId).toBe(1);
    expect([await statusOf(ekbaar, one), await statusOf(ekbaar, two)]).toEqual(['confirmed', 'pending']);
  });

  test('a client never seen that begins with 5 is asked for 1', async () => {
    const { stopped } = await device(ekbaar, agent).sync({ mutations: [mutation(5, { name: '$skip' })] });
    expect(stopped).toMatchObject({ id: 5, code: 'gap', expected: 1 });
  });

  test('ack above the last is a gap, also without mutations', async () => {
    const phone = device(ekbaar, agent);
    await phone.sync({ mutations: phone.next({ name: '$skip' }) });
    expect((await phone.sync({ ack: 1 })).stopped).toBeNull();
    expect((await phone.sync({ ack: 7 })).stopped).toMatchObject({ code: 'gap', expected: 2 });
  });

  test('ack above the last: nothing runs', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const { receipts, stopped } = await phone.sync({ ack: 7, mutations: [mutation(1, confirm(delivery))] });
    expect(receipts).toEqual([]);
    expect(stopped).toMatchObject({ code: 'gap', expected: 1 });
    expect(await statusOf(ekbaar, delivery)).toBe('pending');
  });
});

describe('$skip', () => {
  test('takes the id and nothing else', async () => {
    const phone = device(ekbaar, agent);
    const skipped = phone.next({ name: '$skip' }, { name: '$skip' });
    const { receipts, stopped, delta } = await phone.sync({ mutations: skipped });
    expect(receipts).toMatchObject([
      { id: 1, status: 'applied' },
      { id: 2, status: 'applied' },
    ]);
    expect(stopped).toBeNull();
    expect(delta.lastMutationId).toBe(2);
    expect(await ekbaar.query(sql`select from sync.receipts where client_id = ${phone.clientId}`)).toEqual([]);
  });

  test('sent again is replayed', async () => {
    const phone = device(ekbaar, agent);
    const mutations = phone.next({ name: '$skip' });
    await phone.sync({ mutations });
    expect((await phone.sync({ mutations })).receipts).toMatchObject([{ id: 1, status: 'applied', replayed: true }]);
  });
});

describe('order', () => {
  test('mutations are run by id, whatever their place in the request', async () => {
    const delivery = await addDelivery(ekbaar);
    const [fail, confirmed] = [
      mutation(1, { name: 'failDelivery', args: { deliveryId: delivery.id, reason: 'away' } }),
      mutation(2, confirm(delivery)),
    ];
    const { receipts } = await device(ekbaar, agent).sync({ mutations: [confirmed, fail] });
    expect(receipts).toMatchObject([
      { id: 1, status: 'applied' },
      { id: 2, status: 'applied' },
    ]);
    expect(await statusOf(ekbaar, delivery)).toBe('confirmed');
  });
});
