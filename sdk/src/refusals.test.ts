import { afterEach, beforeEach, expect, expectTypeOf, test } from 'vitest';
import type { SettledRecord } from './log/mutation-record.ts';
import { idle } from './testing/fake-clock.ts';
import { fakeOrigin } from './testing/fake-origin.ts';
import { model, type TestModel } from './testing/model.ts';
import { World } from './testing/world.ts';
import { wrapStore } from './testing/wrap-store.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const wrong = { deliveryId: 'd1', amountPaise: 7 };
const right = { deliveryId: 'd1', amountPaise: 100 };
const deadNote = { status: 'dead', error: { code: 'halted', message: 'it threw' } } as const;

/** A client whose confirmation of d1 was refused: the server wants another amount. */
async function refused(options: Parameters<World['client']>[0] = {}) {
  const confirm = world.server.mutators['confirm'];
  world.server.mutators['confirm'] = (args: never, server) =>
    (args as typeof right).amountPaise === 100
      ? confirm?.(args, server)
      : { status: 'rejected', error: { code: 'amount_mismatch', message: 'not what is due' } };
  const client = await world.synced(options);
  const { key } = await client.mutate('confirm', wrong);
  await world.settle(client);
  return { client, key };
}

/** A client with a note that the server gave up on, but would take now. */
async function buried() {
  const client = await world.synced();
  world.server.mutators['note'] = () => deadNote;
  const { key } = await client.mutate('note', { text: 'x' });
  await world.settle(client);
  delete world.server.mutators['note'];
  return { client, key };
}

const close = (key: string) => world.server.write('receipts', key, { key, ...deadNote, closeReason: 'paid by hand' });

test('rejections and dead letters are told apart, and both count as needing attention', async () => {
  const { client, key } = await refused();
  world.server.mutators['note'] = () => deadNote;
  const dead = await client.mutate('note', { text: 'x' });
  await world.settle(client);
  expect(await client.rejections.read()).toMatchObject([{ key, state: 'rejected' }]);
  expect(await client.deadLetters.read()).toMatchObject([{ key: dead.key, state: 'dead' }]);
  expect(client.status.get().needsAttention).toBe(2);
});

test('retry does the same once more under a new key and a new time, and each names the other', async () => {
  const { client, key } = await refused();
  const [old] = await client.rejections.read();
  await world.clock.pass(60_000);
  const again = await client.rejections.retry(key);
  expect(again).toMatchObject({ id: 2 });
  expect(again.key).not.toBe(key);
  const [first, second] = await client.readMutations();
  expect(first).toMatchObject({ key, state: 'rejected', replacedBy: again.key });
  expect(second).toMatchObject({ key: again.key, args: wrong, replaces: key });
  expect(Date.parse(second?.at ?? '')).toBe(Date.parse(old?.at ?? '') + 60_000);
  expect(await client.rejections.read()).toEqual([]);
  expect(await again.confirmed).toMatchObject({ state: 'rejected' });
  // Refused once more, it waits for somebody like any other.
  expect(await client.rejections.read()).toMatchObject([{ key: again.key }]);
});

test('resend does it with other arguments, shown at once', async () => {
  const { client } = await refused();
  const [record] = await client.rejections.read();
  if (record?.name !== 'confirm') throw new Error('not the confirmation');
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  const again = await client.rejections.resend(record, { ...record.args, amountPaise: 100 });
  expect(await client.read('deliveries', { where: { id: 'd1' } })).toMatchObject([{ status: 'confirmed' }]);
  await world.settle(client);
  expect(await again.confirmed).toMatchObject({ state: 'applied', result: { receiptNo: 'R-d1' }, args: right });
  expect(client.status.get().needsAttention).toBe(0);
});

test('the compiler knows what a resent mutation takes', async () => {
  const { client, key } = await refused();
  const record = { key, name: 'confirm' } as const;
  // @ts-expect-error these are a note's arguments
  await expect(client.rejections.resend(record, { text: 'x' })).rejects.toMatchObject({ code: 'invalid_args' });
  const again = client.rejections.resend(record, right);
  expectTypeOf((await again).confirmed).toEqualTypeOf<Promise<SettledRecord<TestModel, 'confirm'>>>();
});

test('arguments that do not fit leave the refusal as it is', async () => {
  const { client, key } = await refused();
  const unfit = client.rejections.resend({ key, name: 'confirm' }, { ...right, amountPaise: -1 });
  await expect(unfit).rejects.toMatchObject({ code: 'invalid_args' });
  expect(await client.rejections.read()).toMatchObject([{ key }]);
  expect(await client.readMutations()).toHaveLength(1);
});

test('two taps send it once, and the second hears of the first', async () => {
  const { client, key } = await refused();
  const [first, second] = await Promise.allSettled([client.rejections.retry(key), client.rejections.retry(key)]);
  expect(first).toMatchObject({ status: 'fulfilled' });
  const { key: by } = (first as PromiseFulfilledResult<{ key: string }>).value;
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'dealt_with', replacedBy: by } });
  await world.settle(client);
  expect(await client.readMutations()).toHaveLength(2);
});

test.for(['retry', 'dismiss'] as const)(
  'two tabs, one of them deaf: after a %s there it is not sent here',
  async (did) => {
    const origin = fakeOrigin();
    const { client, key } = await refused({ platform: origin });
    const deaf = await world.client({ platform: { ...origin, channel: undefined } });
    expect(await deaf.rejections.read()).toHaveLength(1);
    await client.rejections[did](key);
    await expect(deaf.rejections.retry(key)).rejects.toMatchObject({ code: 'dealt_with' });
    await world.settle(client);
    expect(await client.readMutations()).toHaveLength(did === 'retry' ? 2 : 1);
  },
);

test('what was dismissed, applied or never there is not done again', async () => {
  const { client, key } = await refused();
  await client.rejections.dismiss(key);
  const applied = await client.mutate('confirm', right);
  await world.settle(client);
  for (const one of [key, applied.key, 'never']) {
    await expect(client.rejections.retry(one)).rejects.toMatchObject({ code: 'dealt_with', replacedBy: undefined });
  }
  expect(await client.readMutations()).toHaveLength(2);
});

test('on a full disk nothing is sent, and the refusal still waits', async () => {
  let full = false;
  const { client, key } = await refused({
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, (tables, mode, body) =>
        store.transaction(tables, mode, async (tx) => {
          const result = await body(tx);
          if (full && mode === 'durable') throw new DOMException('no room', 'QuotaExceededError');
          return result;
        }),
      );
    },
  });
  full = true;
  await expect(client.rejections.retry(key)).rejects.toMatchObject({ code: 'not_saved' });
  full = false;
  await client.close();
  const again = await world.client();
  expect(await again.rejections.read()).toMatchObject([{ key }]);
  expect(await again.readMutations()).toHaveLength(1);
});

test('a dead letter that operations may still have run is not done again, unless that is asked for', async () => {
  const { client, key } = await buried();
  await expect(client.deadLetters.retry(key)).rejects.toMatchObject({ code: 'may_still_run' });
  // Whichever list it is asked of.
  await expect(client.rejections.retry(key)).rejects.toMatchObject({ code: 'may_still_run' });
  const resent = client.deadLetters.resend({ key, name: 'note' }, { text: 'y' });
  await expect(resent).rejects.toMatchObject({ code: 'may_still_run' });
  expect(await client.readMutations()).toHaveLength(1);
  const again = await client.deadLetters.retry(key, { mayRunTwice: true });
  expect(await again.confirmed).toMatchObject({ state: 'applied', args: { text: 'x' } });
});

test('a dead letter that operations closed can be done again', async () => {
  const { client, key } = await buried();
  close(key);
  await client.sync();
  const again = await client.deadLetters.resend({ key, name: 'note' }, { text: 'by hand' });
  await world.settle(client);
  expect(await again.confirmed).toMatchObject({ state: 'applied', replaces: key });
  expect(await client.readMutations()).toMatchObject([{ closeReason: 'paid by hand', replacedBy: again.key }, {}]);
  expect(client.status.get().needsAttention).toBe(0);
});

test('what operations do later with a dead letter that was replaced asks for nobody’s attention', async () => {
  const { client, key } = await buried();
  await client.deadLetters.retry(key, { mayRunTwice: true });
  close(key);
  await client.sync();
  expect(await client.readMutations()).toMatchObject([{ key, state: 'dead', closeReason: 'paid by hand' }, {}]);
  expect(client.status.get().needsAttention).toBe(0);
  await expect(client.deadLetters.retry(key)).rejects.toMatchObject({ code: 'dealt_with' });
});

test('a retried mutation keeps the model it was made with: the server brings its arguments up to date', async () => {
  const { client, key } = await refused();
  await client.close();
  const updated = await world.client({ model: { ...model, version: 2 } as TestModel });
  world.server.model = 2;
  await updated.rejections.retry(key);
  await world.settle(updated);
  expect(world.server.requests.flatMap(({ mutations }) => mutations.map(({ model }) => model))).toEqual([1, 1]);
});

test('the outcome of an earlier session’s mutation can be waited for by its key', async () => {
  const client = await world.synced();
  world.isOnline = false;
  const { key } = await client.mutate('confirm', right);
  await client.close();
  const again = await world.client();
  const outcome = again.outcome(key);
  await idle();
  world.isOnline = true;
  world.tell('online');
  expect(await outcome).toMatchObject({ key, state: 'applied', result: { receiptNo: 'R-d1' } });
  expect(await again.outcome(key)).toMatchObject({ state: 'applied' });
  await expect(again.outcome('never')).rejects.toMatchObject({ code: 'unknown_key' });
  await again.close();
  await expect(again.outcome(key)).rejects.toMatchObject({ code: 'closed' });
});

test('another tab’s mutation can be waited for, also by a tab that has heard nothing of it', async () => {
  const origin = fakeOrigin();
  const client = await world.synced({ platform: origin });
  const deaf = await world.client({ platform: { ...origin, channel: undefined } });
  const { key } = await client.mutate('confirm', right);
  await world.settle(client);
  expect(await deaf.outcome(key)).toMatchObject({ state: 'applied' });
});
