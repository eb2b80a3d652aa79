import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm, type DeliveryRow, statusOf } from './delivery.ts';
import { device } from './device.ts';
import { problemIn } from './problem.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const receiptOf = (key: string) => ekbaar.query(sql`select status from sync.receipts where key = ${key}`);
const confirmBy = (delivery: Pick<DeliveryRow, 'id' | 'amountPaise'>, key: string, token = agent) =>
  ekbaar.post('/v1/mutations/confirmDelivery', token, confirm(delivery).args, { 'idempotency-key': key });

describe('POST /v1/mutations/{name}', () => {
  test('applied: 200 with the receipt', async () => {
    const [delivery, key] = [await addDelivery(ekbaar), crypto.randomUUID()];
    const answer = await confirmBy(delivery, key);
    expect(answer.status).toBe(200);
    expect(answer.headers.has('idempotency-replayed')).toBe(false);
    expect(answer.body).toMatchObject({ key, status: 'applied', result: { receiptNo: expect.any(String) } });
    expect(await statusOf(ekbaar, delivery)).toBe('confirmed');
  });

  test('a replay answers to the letter as the first time, and says that it is one', async () => {
    const [delivery, key] = [await addDelivery(ekbaar), crypto.randomUUID()];
    const first = await confirmBy(delivery, key);
    for (const again of [await confirmBy(delivery, key), await confirmBy(delivery, key)]) {
      expect([again.status, again.text]).toEqual([first.status, first.text]);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    }
    const entries = await ekbaar.query(sql`select from ledger_entries where delivery_id = ${delivery.id}`);
    expect(entries).toHaveLength(2);
  });

  test('rejected: 422 with the receipt, and so is its replay', async () => {
    const [delivery, key] = [await addDelivery(ekbaar), crypto.randomUUID()];
    const wrong = { ...delivery, amountPaise: 5 };
    const first = await confirmBy(wrong, key);
    expect(first.status).toBe(422);
    expect(first.body).toMatchObject({ key, status: 'rejected', error: { code: 'amount_mismatch' } });
    const again = await confirmBy(wrong, key);
    expect([again.status, again.text]).toEqual([422, first.text]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('a role that may not: 422 forbidden, with a receipt', async () => {
    const key = crypto.randomUUID();
    const answer = await confirmBy(await addDelivery(ekbaar), key, await ekbaar.token('ops', 'ops'));
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ key, status: 'rejected', error: { code: 'forbidden' } });
  });

  test('the same key with other content: 422 key_reused, and the first receipt stands', async () => {
    const [one, two, key] = [await addDelivery(ekbaar), await addDelivery(ekbaar), crypto.randomUUID()];
    const first = await confirmBy(one, key);
    expect(problemIn(await confirmBy(two, key)).code).toBe('key_reused');
    expect(await statusOf(ekbaar, two)).toBe('pending');
    expect((await confirmBy(one, key)).text).toBe(first.text);
  });

  test('the same key from another actor: 422 key_reused', async () => {
    const [delivery, key] = [await addDelivery(ekbaar), crypto.randomUUID()];
    await confirmBy(delivery, key);
    expect(problemIn(await confirmBy(delivery, key, await ekbaar.token('a02', 'agent'))).code).toBe('key_reused');
  });

  test.each([
    ['a fraction', { deliveryId: 'd0001', amountPaise: 1.5, confirmedAt: '2026-11-22T10:00:00Z' }],
    ['nothing', {}],
    ['a NUL', { deliveryId: '\0', amountPaise: 1, confirmedAt: '2026-11-22T10:00:00Z' }],
    ['half of a surrogate pair', { deliveryId: '\ud800', amountPaise: 1, confirmedAt: '2026-11-22T10:00:00Z' }],
  ])('args that do not fit, %s: 400 invalid_args, nothing kept, the key is free', async (_, args) => {
    const [delivery, key] = [await addDelivery(ekbaar), crypto.randomUUID()];
    expect(
      problemIn(await ekbaar.post('/v1/mutations/confirmDelivery', agent, args, { 'idempotency-key': key })).code,
    ).toBe('invalid_args');
    expect(await receiptOf(key)).toEqual([]);
    expect((await confirmBy(delivery, key)).status).toBe(200);
  });

  test('the issues say where', async () => {
    const args = { ...(confirm({ id: 'd0001', amountPaise: 1 }).args as object), amountPaise: 1.5 };
    const problem = problemIn(
      await ekbaar.post('/v1/mutations/confirmDelivery', agent, args, { 'idempotency-key': crypto.randomUUID() }),
    );
    expect(problem.code).toBe('invalid_args');
    expect(problem.issues).toEqual([{ path: 'amountPaise', message: expect.any(String) }]);
  });

  test('without a key: 400 idempotency_key_required', async () => {
    const { args } = confirm(await addDelivery(ekbaar));
    expect(problemIn(await ekbaar.post('/v1/mutations/confirmDelivery', agent, args)).code).toBe(
      'idempotency_key_required',
    );
    expect(problemIn(await ekbaar.post('/v1/mutations/nobodyKnows', agent, args)).code).toBe(
      'idempotency_key_required',
    );
  });

  test.each([undefined, '', ' '])('the key %j, whatever the body: 400 idempotency_key_required', async (key) => {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    for (const body of [confirm(await addDelivery(ekbaar)).args, '', '{', '[]']) {
      const answer = await ekbaar.post('/v1/mutations/confirmDelivery', agent, body, headers);
      expect(answer.status).toBe(400);
      expect(problemIn(answer).code).toBe('idempotency_key_required');
    }
  });

  test.each(['7', 'not-a-uuid', `${crypto.randomUUID()}x`])('the key %j: 400', async (key) => {
    const answer = await confirmBy(await addDelivery(ekbaar), key);
    expect(answer.status).toBe(400);
  });

  test('the key in capitals is the same key', async () => {
    const [delivery, key] = [await addDelivery(ekbaar), crypto.randomUUID()];
    await confirmBy(delivery, key);
    expect((await confirmBy(delivery, key.toUpperCase())).headers.get('idempotency-replayed')).toBe('true');
  });

  test('a mutation without receipts needs no key', async () => {
    const args = { lat: 24.7, lng: 85, accuracyM: 5, at: '2026-11-22T10:00:00Z' };
    for (const headers of [{}, { 'idempotency-key': '' }]) {
      const answer = await ekbaar.post('/v1/mutations/recordLocation', agent, args, headers);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ status: 'applied' });
    }
  });

  test('a mutation without receipts sent twice with the same key is applied both times, and noted once', async () => {
    const args = { lat: 24.7, lng: 85, accuracyM: 5, at: '2026-11-22T10:00:00Z' };
    const key = { 'idempotency-key': crypto.randomUUID() };
    await ekbaar.post('/v1/mutations/recordLocation', agent, args, key);
    expect((await ekbaar.post('/v1/mutations/recordLocation', agent, args, key)).status).toBe(200);
    const track = await ekbaar.query(sql`select from agent_track where key = ${key['idempotency-key']}`);
    expect(track).toHaveLength(1);
  });

  test.each(['nobodyKnows', 'constructor', '__proto__', 'a%00b'])(
    '%s: 202, a dead letter with its args',
    async (name) => {
      const key = crypto.randomUUID();
      const send = () => ekbaar.post(`/v1/mutations/${name}`, agent, { paise: 5 }, { 'idempotency-key': key });
      const first = await send();
      expect(first.status).toBe(202);
      expect(first.body).toMatchObject({ key, status: 'dead' });
      expect(await receiptOf(key)).toEqual([{ status: 'dead' }]);
      expect(await send()).toMatchObject({ status: 202, text: first.text });
    },
  );

  test('once by the business key: the second is 422 already_done', async () => {
    const delivery = await addDelivery(ekbaar);
    await device(ekbaar, agent).mutate(confirm(delivery));
    const answer = await confirmBy(delivery, crypto.randomUUID());
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ error: { code: 'already_done', details: { receiptNo: expect.any(String) } } });
  });

  test('ten at once with one key: once', async () => {
    const [delivery, key] = [await addDelivery(ekbaar), crypto.randomUUID()];
    const answers = await Promise.all(Array.from({ length: 10 }, () => confirmBy(delivery, key)));
    for (const { status } of answers) expect(status).toBeOneOf([200, 409]);
    const first = answers.filter((one) => one.status === 200 && !one.headers.has('idempotency-replayed'));
    expect(first).toHaveLength(1);
  });

  test.each(['[]', 'null', '"text"', '5', '', '{'])('the body %j: 400 malformed', async (body) => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    expect(problemIn(await ekbaar.post('/v1/mutations/confirmDelivery', agent, body, key)).code).toBe('malformed');
  });

  test('needs a token', async () => {
    expect(problemIn(await ekbaar.post('/v1/mutations/confirmDelivery', null, {})).code).toBe('unauthenticated');
  });
});

test('a delivery fails for a reason that other programs may tell in a sentence, as long as a note', async () => {
  const delivery = await addDelivery(ekbaar);
  const fail = async (reason: string) => {
    const args = { deliveryId: delivery.id, reason, note: 'again at 5' };
    return (await ekbaar.post('/v1/mutations/failDelivery', agent, args, { 'idempotency-key': crypto.randomUUID() }))
      .body;
  };
  const reason = 'The bridge at Bodhgaya has been closed since the rain, and the ferry does not run today. '.padEnd(
    500,
    '.',
  );
  expect(await fail(`${reason}.`)).toMatchObject({ code: 'invalid_args' });
  expect(await fail(reason)).toMatchObject({ status: 'applied' });
  const [row] = await ekbaar.query<{ said: string }>(
    sql`select fail_reason as said from deliveries where tenant = ${delivery.tenant} and id = ${delivery.id}`,
  );
  expect(row?.said).toBe(`${reason}: again at 5`);
});
