import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Deferred, deferred } from '../deferred.ts';
import type { Mode, Store } from '../store/store.ts';
import { readLog } from '../tabs/catch-up.ts';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import { World } from '../testing/world.ts';
import { wrapStore } from '../testing/wrap-store.ts';

/** What befalls transactions of a mode: lost before anything is done, with all that was done, or their answer only. */
type Loss = Partial<Record<Mode, 'transaction' | 'writes' | 'answer'>>;

let world: World;
let loss: Loss;
/** While there is one, answers that will be lost wait for it. */
let waits: Deferred<void> | undefined;
beforeEach(() => {
  world = new World();
  loss = {};
  waits = undefined;
});
afterEach(() => world.close());

async function losing(name: string): Promise<Store> {
  const store = await world.disk(name);
  const lost = () => new DOMException('Connection to Indexed Database server lost', 'UnknownError');
  return wrapStore(store, async (tables, mode, body) => {
    const what = loss[mode];
    if (what === 'transaction') throw lost();
    const result = await store.transaction(tables, mode, async (tx) => {
      const given = await body(tx);
      if (what === 'writes') throw lost();
      return given;
    });
    if (what !== 'answer') return result;
    await waits?.promise;
    throw lost();
  });
}

const confirm = ['confirm', { deliveryId: 'd1', amountPaise: 100 }] as const;
const onDisk = async () => (await readLog(await world.disk('pennco/a1'))).entries;
const sent = () => world.server.requests.flatMap(({ mutations }) => mutations.map(({ name }) => name));

/** A client, and how its deliveries were shown last. */
async function watched() {
  const client = await world.synced({ store: losing });
  let screen = '';
  client.watch('deliveries', {}, (rows) => (screen = rows.map(({ id, status }) => `${id} ${status}`).join()));
  await idle();
  return { client, screen: () => screen };
}

test('a mutation whose commit succeeded is saved, also when only its answer was lost', async () => {
  const { client } = await watched();
  loss = { durable: 'answer' };
  const saved = await client.mutate(...confirm);
  loss = {};
  await world.settle(client);
  expect(await saved.confirmed).toMatchObject({ state: 'applied' });
  expect(await onDisk()).toHaveLength(1);
});

test('one that was called not saved while nobody could look is never sent: the person does it again', async () => {
  const { client } = await watched();
  loss = { durable: 'answer', read: 'transaction' };
  await expect(client.mutate('note', { text: 'pay 100' })).rejects.toMatchObject({ code: 'not_saved' });
  loss = {};
  expect(await onDisk()).toHaveLength(1);
  const { key } = await client.mutate('note', { text: 'pay 100' });
  await world.settle(client);
  expect(world.server.applied.get(key)).toBe(1);
  expect(sent()).toEqual(['$skip', 'note']);
});

test('but what a request has found on the disk is saved, whatever was heard of its write', async () => {
  const { client } = await watched();
  loss = { durable: 'answer' };
  waits = deferred();
  const made = client.mutate('note', { text: 'pay 100' });
  await idle();
  loss = { read: 'transaction' };
  await client.sync();
  waits.resolve();
  const { confirmed } = await made;
  loss = {};
  await world.settle(client);
  expect(sent()).toEqual(['note']);
  expect(await confirmed).toMatchObject({ state: 'applied' });
});

test('after that, memory knows that it has missed something, and the disk is seen as it is', async () => {
  const { client, screen } = await watched();
  world.isOnline = false;
  loss = { durable: 'answer', read: 'transaction' };
  await expect(client.mutate(...confirm)).rejects.toMatchObject({ code: 'not_saved' });
  expect(screen()).toBe('d1 pending,d2 pending');
  loss = {};
  world.tell('visible');
  await idle();
  expect(await client.readMutations()).toHaveLength(1);
  expect(client.status.get().pending).toBe(1);
});

test('an effect is taken back also when the disk is gone for good', async () => {
  const { client, screen } = await watched();
  const logs: number[] = [];
  client.watchMutations({}, (records) => logs.push(records.length));
  loss = { durable: 'transaction', write: 'transaction', read: 'transaction' };
  await expect(client.mutate(...confirm)).rejects.toMatchObject({ code: 'not_saved' });
  await idle();
  expect(screen()).toBe('d1 pending,d2 pending');
  expect(logs.at(-1)).toBe(0);
  expect(client.status.get().pending).toBe(0);
});

test.for<[NonNullable<Loss[Mode]>, string[]]>([
  ['writes', []],
  ['answer', ['mine']],
])('the %s lost of a tab that has not heard what another did: saved is what the disk has', async ([lost, kept]) => {
  const platform = { ...fakeOrigin(), channel: undefined };
  const first = await world.synced({ platform });
  const second = await world.client({ platform, store: losing });
  await idle();
  world.isOnline = false;
  for (const text of ['a', 'b']) await first.mutate('note', { text });
  loss = { durable: lost };
  const saved = await second.mutate('note', { text: 'mine' }).then(
    () => ['mine'],
    () => [],
  );
  loss = {};
  expect(saved).toEqual(kept);
  expect((await onDisk()).map(({ args }) => args)).toEqual(['a', 'b', ...kept].map((text) => ({ text })));
  expect(await second.readMutations()).toHaveLength(2 + kept.length);
});

test('done again in a tab that does not lead, it is in the log once: the tab that leads finds no other', async () => {
  const platform = fakeOrigin();
  await world.synced({ platform });
  const second = await world.client({ platform, store: losing });
  await idle();
  loss = { durable: 'answer', read: 'transaction' };
  await expect(second.mutate('note', { text: 'pay 100' })).rejects.toMatchObject({ code: 'not_saved' });
  loss = {};
  await second.mutate('note', { text: 'pay 100' });
  await world.settle(second);
  expect(sent()).toEqual(['$skip', 'note']);
});

test('a refusal that was done again is dealt with, also when only the answer was lost', async () => {
  const { client } = await watched();
  await client.mutate(...confirm);
  await client.mutate(...confirm);
  await world.settle(client);
  const [refusal] = await client.rejections.read();
  loss = { durable: 'answer' };
  const { key } = await client.rejections.retry(refusal?.key ?? '');
  loss = {};
  expect(await client.rejections.read()).toEqual([]);
  await world.settle(client);
  expect(await client.outcome(key)).toMatchObject({ replaces: refusal?.key });
});
