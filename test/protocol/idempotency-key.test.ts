import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm, statusOf } from './delivery.ts';
import { device } from './device.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

describe('a key that has a receipt', () => {
  test('from the same actor’s other client, same content: replayed, and the id is taken', async () => {
    const delivery = await addDelivery(ekbaar);
    const draft = confirm(delivery, { key: crypto.randomUUID() });
    const first = await device(ekbaar, agent).mutate(draft);
    const reinstalled = device(ekbaar, agent);
    await reinstalled.sync({ mutations: reinstalled.next({ name: '$skip' }) });
    expect(await reinstalled.mutate(draft)).toEqual({ ...first, id: 2, replayed: true });
    expect((await reinstalled.sync()).delta.lastMutationId).toBe(2);
  });

  test('is the same key in capitals', async () => {
    const delivery = await addDelivery(ekbaar);
    const key = crypto.randomUUID();
    await device(ekbaar, agent).mutate(confirm(delivery, { key }));
    const again = await device(ekbaar, agent).mutate(confirm(delivery, { key: key.toUpperCase() }));
    expect(again).toMatchObject({ key: key.toUpperCase(), status: 'applied', replayed: true });
  });

  test('in the same client under another id: replayed', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const draft = confirm(delivery, { key: crypto.randomUUID() });
    const { receipts } = await phone.sync({ mutations: phone.next(draft, draft) });
    expect(receipts).toMatchObject([
      { id: 1, status: 'applied', replayed: false },
      { id: 2, status: 'applied', replayed: true },
    ]);
  });

  test('other content: key_reused without details, the id is taken, the first receipt stands', async () => {
    const [one, two] = [await addDelivery(ekbaar), await addDelivery(ekbaar)];
    const key = crypto.randomUUID();
    const first = await device(ekbaar, agent).mutate(confirm(one, { key }));
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(two, { key }));
    const answer = await phone.sync({ mutations });
    expect(answer.receipts).toMatchObject([{ id: 1, key, status: 'rejected', error: { code: 'key_reused' } }]);
    expect(answer.receipts[0]?.error).not.toHaveProperty('details');
    expect(answer.delta.lastMutationId).toBe(1);
    expect(await statusOf(ekbaar, two)).toBe('pending');
    // Kept in the slot: a retry hears the same.
    expect((await phone.sync({ mutations })).receipts).toMatchObject([
      { id: 1, status: 'rejected', error: { code: 'key_reused' }, replayed: true },
    ]);
    expect(await device(ekbaar, agent).mutate(confirm(one, { key }))).toEqual({ ...first, replayed: true });
  });

  test('another actor’s: key_reused even with the same content, and nothing of the receipt shows', async () => {
    const delivery = await addDelivery(ekbaar);
    const key = crypto.randomUUID();
    const { result } = await device(ekbaar, agent).mutate(confirm(delivery, { key }));
    const other = device(ekbaar, await ekbaar.token('a02', 'agent'));
    const refused = await other.mutate(confirm(delivery, { key }));
    expect(refused).toMatchObject({ status: 'rejected', error: { code: 'key_reused' } });
    const { receiptNo } = result as { receiptNo: string };
    expect(JSON.stringify(refused)).not.toContain(receiptNo);
  });

  test('another tenant’s key is another key', async () => {
    const key = crypto.randomUUID();
    const [here, there] = [await addDelivery(ekbaar), await addDelivery(ekbaar, { tenant: 'vishi' })];
    await device(ekbaar, agent).mutate(confirm(here, { key }));
    const other = device(ekbaar, await ekbaar.token('a01', 'agent', 'vishi'));
    expect(await other.mutate(confirm(there, { key }))).toMatchObject({ status: 'applied', replayed: false });
  });

  test('a rejected mutation’s key is used up like any other', async () => {
    const key = crypto.randomUUID();
    const args = { deliveryId: 'nowhere', reason: 'away' };
    const first = await device(ekbaar, agent).mutate({ name: 'failDelivery', args, key });
    expect(first).toMatchObject({ status: 'rejected', error: { code: 'not_found' } });
    expect(await device(ekbaar, agent).mutate({ name: 'failDelivery', args, key })).toEqual({
      ...first,
      replayed: true,
    });
  });

  test('the key is asked before everything else: a replay needs neither the role nor a model the server knows', async () => {
    const delivery = await addDelivery(ekbaar);
    const key = crypto.randomUUID();
    const first = await device(ekbaar, agent).mutate(confirm(delivery, { key }));
    const promoted = device(ekbaar, await ekbaar.token('a01', 'ops'));
    expect(await promoted.mutate(confirm(delivery, { key, model: 99 }))).toEqual({ ...first, replayed: true });
  });

  test('over REST and from a log is the same key', async () => {
    const delivery = await addDelivery(ekbaar);
    const { args, key } = { key: crypto.randomUUID(), args: confirm(delivery).args };
    const first = await device(ekbaar, agent).mutate({ name: 'confirmDelivery', key, args });
    const rest = await ekbaar.post('/v1/mutations/confirmDelivery', agent, args, { 'idempotency-key': key });
    expect(rest.status).toBe(200);
    expect(rest.headers.get('idempotency-replayed')).toBe('true');
    expect(rest.body).toMatchObject({ key, status: 'applied', result: first.result });
    const receipts = await ekbaar.query(sql`select from sync.receipts where key = ${key}`);
    expect(receipts).toHaveLength(1);
  });
});
