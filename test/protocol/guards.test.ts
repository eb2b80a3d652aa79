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

describe('args that do not fit', () => {
  const fits = { deliveryId: 'd0001', amountPaise: 124_000, confirmedAt: '2026-11-22T10:00:00Z' };
  test.each([
    ['a fraction of a paisa', { ...fits, amountPaise: 1240.5 }],
    ['text for a number', { ...fits, amountPaise: '124000' }],
    ['nothing', { ...fits, amountPaise: 0 }],
    ['less than nothing', { ...fits, amountPaise: -124_000 }],
    ['above 2^53', { ...fits, amountPaise: 2 ** 53 + 2 }],
    ['a missing field', { deliveryId: 'd0001', confirmedAt: fits.confirmedAt }],
    ['no time', { ...fits, confirmedAt: 'yesterday' }],
    ['a day that is not', { ...fits, confirmedAt: '2026-02-30T10:00:00Z' }],
    ['a place off the earth', { ...fits, location: { lat: 91, lng: 0, accuracyM: 1 } }],
    ['a NUL', { ...fits, deliveryId: 'd\0' }],
    ['half of a surrogate pair', { ...fits, deliveryId: 'd\ud800' }],
    ['a NUL in a field nobody asked for', { ...fits, more: '\0' }],
    ['half of a surrogate pair in a name', { ...fits, 'more\udfff': 1 }],
    ['an endless text', { ...fits, deliveryId: 'd'.repeat(300_000) }],
    ['an array', [fits]],
    ['a text', 'd0001'],
    ['null', null],
  ])('%s: rejected invalid_args, and the rest of the batch goes on', async (_, args) => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const mutations = phone.next({ name: 'confirmDelivery', args }, confirm(delivery));
    const { receipts, stopped } = await phone.sync({ mutations });
    expect(receipts).toMatchObject([
      { id: 1, status: 'rejected', error: { code: 'invalid_args', details: expect.any(Array) } },
      { id: 2, status: 'applied' },
    ]);
    expect(stopped).toBeNull();
    expect((await phone.sync({ mutations })).receipts).toEqual(receipts.map((one) => ({ ...one, replayed: true })));
  });

  test('a number that no double holds', async () => {
    const body = JSON.stringify({
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1 },
      ...{ clientId: crypto.randomUUID(), mutations: [mutation(1, { name: 'confirmDelivery', args: '?' })] },
    }).replace('"?"', '{"deliveryId":"d0001","amountPaise":1e400}');
    const answer = await ekbaar.post('/v1/sync', agent, body);
    expect(answer.body).toMatchObject({ receipts: [{ status: 'rejected', error: { code: 'invalid_args' } }] });
  });

  test('the details say where', async () => {
    const receipt = await device(ekbaar, agent).mutate({
      name: 'confirmDelivery',
      args: { ...fits, amountPaise: 1.5 },
    });
    expect(receipt.error?.details).toEqual([{ path: 'amountPaise', message: expect.any(String) }]);
  });

  test('what is too much is left out of the args, but belongs to the content', async () => {
    const delivery = await addDelivery(ekbaar);
    const key = crypto.randomUUID();
    const { args } = confirm(delivery);
    const more = { ...(args as object), shade: 'blue' };
    expect(await device(ekbaar, agent).mutate({ name: 'confirmDelivery', key, args: more })).toMatchObject({
      status: 'applied',
    });
    expect(await device(ekbaar, agent).mutate({ name: 'confirmDelivery', key, args })).toMatchObject({
      error: { code: 'key_reused' },
    });
  });
});

describe('a role that may not do it', () => {
  test('rejected forbidden; the rest of the batch goes on', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const { receipts, stopped } = await phone.sync({
      mutations: phone.next(
        { name: 'cancelDelivery', args: { deliveryId: delivery.id, reason: 'no' } },
        { name: 'assignDelivery', args: { deliveryId: delivery.id, agentId: 'a02' } },
        { name: 'reconcileDisbursement', args: { disbursementId: 'b0001', bankRef: 'x', amountPaise: 1 } },
        confirm(delivery),
      ),
    });
    expect(receipts.map(({ status, error }) => error?.code ?? status)).toEqual([
      'forbidden',
      'forbidden',
      'forbidden',
      'applied',
    ]);
    expect(stopped).toBeNull();
  });

  test.each([
    ['ops', 'confirmDelivery', { deliveryId: 'd0001', amountPaise: 1, confirmedAt: '2026-11-22T10:00:00Z' }],
    ['ops', 'failDelivery', { deliveryId: 'd0001', reason: 'x' }],
    ['ops', 'recordLocation', { lat: 0, lng: 0, accuracyM: 1, at: '2026-11-22T10:00:00Z' }],
    ['ops', 'closeDay', { date: '2026-11-22', collectedPaise: 0, disbursedPaise: 0, count: 0 }],
    ['ops', 'reconcileDisbursement', { disbursementId: 'b0001', bankRef: 'x', amountPaise: 1 }],
    ['settlement', 'confirmDelivery', { deliveryId: 'd0001', amountPaise: 1, confirmedAt: '2026-11-22T10:00:00Z' }],
    ['settlement', 'assignDelivery', { deliveryId: 'd0001', agentId: 'a02' }],
    ['settlement', 'cancelDelivery', { deliveryId: 'd0001', reason: 'x' }],
    ['admin', 'cancelDelivery', { deliveryId: 'd0001', reason: 'x' }],
  ])('%s: no %s', async (role, name, args) => {
    const somebody = device(ekbaar, await ekbaar.token(role, role));
    expect(await somebody.mutate({ name, args })).toMatchObject({ status: 'rejected', error: { code: 'forbidden' } });
  });

  test('args are asked before the role', async () => {
    const ops = device(ekbaar, await ekbaar.token('ops', 'ops'));
    expect(await ops.mutate({ name: 'confirmDelivery', args: {} })).toMatchObject({ error: { code: 'invalid_args' } });
  });
});

describe('a mutation of a newer model', () => {
  test.each(['confirmDelivery', 'somethingNew', '$skip'])('%s: server_outdated, nothing is kept', async (name) => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const [known, newer, behind] = phone.next(confirm(delivery), { name, model: 2 }, { name: '$skip' });
    const mutations = [known, newer, behind].flatMap((one) => one ?? []);
    const { receipts, stopped, delta } = await phone.sync({ mutations, model: 2 });
    expect(receipts).toMatchObject([{ id: 1, status: 'applied' }]);
    expect(stopped).toMatchObject({ id: 2, code: 'server_outdated' });
    expect(delta.lastMutationId).toBe(1);
    expect(await ekbaar.query(sql`select from sync.receipts where key = ${newer?.key}`)).toEqual([]);
    // Later, with a server that knows it (here: the same one, told an older version), it is still there to be sent.
    const later = await phone.sync({ mutations: mutations.slice(1).map((one) => ({ ...one, model: 1 })) });
    expect(later.delta.lastMutationId).toBe(3);
  });
});

describe('a name nobody knows', () => {
  test.each(['noSuchThing', 'constructor', '__proto__', '$later', 'a\0b', 'half\ud800'])(
    '%j: dead, kept with its args, and the queue goes on',
    async (name) => {
      const readable = name.isWellFormed() && !name.includes('\0');
      const delivery = await addDelivery(ekbaar);
      const phone = device(ekbaar, agent);
      const mutations = phone.next({ name, args: { paise: 5 } }, confirm(delivery));
      const { receipts, stopped } = await phone.sync({ mutations });
      expect(receipts).toMatchObject([
        { id: 1, status: 'dead' },
        { id: 2, status: 'applied' },
      ]);
      expect(stopped).toBeNull();
      // PostgreSQL reads all of a JSON value for any part of it: what it cannot read would fail the lists of others.
      const kept = await ekbaar.query(
        sql`select status, args, error ->> 'code' as code, args ->> 'paise' as paise from sync.receipts where key = ${mutations[0]?.key}`,
      );
      expect(kept).toEqual([
        {
          ...{ status: 'dead', code: 'unknown_mutation' },
          ...(readable ? { args: { paise: 5 }, paise: '5' } : { args: '{"paise":5}', paise: null }),
        },
      ]);
      expect((await phone.sync({ mutations })).receipts).toMatchObject([{ status: 'dead', replayed: true }, {}]);
    },
  );
});

describe('a device whose clock is out of the ordinary', () => {
  test.each([
    '1000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '2026-11-22T10:00:00+14:00',
    '2026-11-22T10:00:00+23:59',
    '2026-11-22T10:00:00-23:59',
    '9999-12-31T23:59:59-23:59',
    '1000-01-01T00:00:00+23:59',
    '2026-11-22T10:00:00.123456789Z',
  ])('%s is noted, and stops nothing', async (at) => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const answer = await ekbaar.trySync(agent, {
      clientId: phone.clientId,
      sentAt: at,
      mutations: phone.next(confirm(delivery, { at })),
    });
    expect(answer.status).toBe(200);
    expect(await statusOf(ekbaar, delivery)).toBe('confirmed');
  });
});
