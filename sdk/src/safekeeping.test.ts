import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Marker } from './platform.ts';
import type { StoreLoss } from './safekeeping.ts';
import { memoryStore } from './store/memory/index.ts';
import { World } from './testing/world.ts';

let world: World;
let marks: Map<string, string>;
let marker: Marker;

beforeEach(() => {
  world = new World();
  marks = new Map();
  marker = {
    get: (name) => marks.get(name) ?? null,
    set: (name, value) => void (value === null ? marks.delete(name) : marks.set(name, value)),
  };
});

afterEach(async () => {
  await world.close();
});

const onStoreLost = vi.fn<(loss: StoreLoss) => void>();

async function start(options: { store?: ReturnType<typeof memoryStore>; persist?: () => Promise<boolean> } = {}) {
  onStoreLost.mockClear();
  const { store = world.disk, persist } = options;
  return world.client({ store, onStoreLost, platform: { marker, persist } });
}

/** A client that has saved, while there was no network, and is closed. */
async function unsent(count: number) {
  world.isOnline = false;
  const client = await start();
  for (let at = 0; at < count; at += 1) await client.mutate('note', { text: `n${at}` });
  await client.close();
  return client;
}

test('a store that was never used leaves no trace, and its absence is no loss', async () => {
  const client = await start();
  await client.close();
  expect([...marks]).toEqual([]);
  const fresh = await start({ store: memoryStore() });
  expect(fresh.status.get().storeLost).toBeNull();
  expect(onStoreLost).not.toHaveBeenCalled();
});

test('a store that was cleared is told from a fresh one, until somebody has heard of it', async () => {
  const { clientId } = await unsent(3);
  const evicted = memoryStore();
  const client = await start({ store: evicted });
  const loss = { clientId, at: '2026-11-22T10:00:00.000Z', unsent: 3 };
  expect(client.status.get().storeLost).toEqual(loss);
  expect(onStoreLost.mock.calls).toEqual([[loss]]);
  // Before anybody has acknowledged it, the new store is used, and the app started again.
  await client.mutate('note', { text: 'later' });
  await client.close();
  const again = await start({ store: evicted });
  expect(again.status.get().storeLost).toEqual(loss);
  await again.acknowledgeLoss();
  expect(again.status.get().storeLost).toBeNull();
  await again.close();
  expect((await start({ store: evicted })).status.get().storeLost).toBeNull();
});

test('what onStoreLost throws is reported, and keeps nobody from the data', async () => {
  await unsent(1);
  const onError = vi.fn<(error: unknown, code: string) => void>();
  const thrown = new Error('planted');
  const client = await world.client({
    store: memoryStore(),
    platform: { marker },
    onError,
    onStoreLost: () => {
      throw thrown;
    },
  });
  expect(client.status.get().storeLost).toMatchObject({ unsent: 1 });
  expect(client.status.get().lastError).toEqual({ code: 'listener_failed', message: 'planted' });
  expect(onError.mock.calls).toEqual([[thrown, 'listener_failed']]);
});

test('lost again before anybody has heard of it: both count', async () => {
  await unsent(3);
  const second = await start({ store: memoryStore() });
  await second.mutate('note', { text: 'second' });
  await second.close();
  const third = await start({ store: memoryStore() });
  expect(third.status.get().storeLost).toMatchObject({ unsent: 4 });
});

test('another client id is no other store', async () => {
  const client = await start();
  await world.settle(client);
  await client.mutate('note', { text: 'a' });
  await world.settle(client);
  const { clientId } = client;
  // A second phone has used the same id.
  world.server.clients.set(clientId, { last: 5, keys: new Map() });
  await client.mutate('note', { text: 'b' });
  await world.settle(client);
  expect(client.clientId).not.toBe(clientId);
  await client.close();
  const again = await start();
  expect(again.status.get().storeLost).toBeNull();
});

test('the number of unsent ones follows the log, also after a crash before it was written down', async () => {
  await unsent(2);
  const [name] = marks.keys();
  const trace = () => JSON.parse(marks.get(name ?? '') ?? '{}') as StoreLoss;
  expect(trace().unsent).toBe(2);
  world.isOnline = true;
  const stale = marks.get(name ?? '') ?? '';
  const client = await start();
  await world.settle(client);
  expect(trace().unsent).toBe(0);
  await client.close();
  marks.set(name ?? '', stale);
  await start();
  expect(trace().unsent).toBe(0);
});

test('two tabs: what one acknowledges, the other stops showing when it is looked at', async () => {
  await unsent(1);
  const store = memoryStore({ shared: true });
  const [one, other] = [await start({ store }), await start({ store })];
  expect(other.status.get().storeLost).toMatchObject({ unsent: 1 });
  await one.acknowledgeLoss();
  world.tell('visible');
  await world.clock.until(() => other.status.get().storeLost === null, 'the loss to be gone');
});

test('a marker that fails stands in nobody’s way', async () => {
  marker = {
    get: () => Promise.reject(new Error('no storage')),
    set: () => {
      throw new Error('no storage');
    },
  };
  const client = await start();
  await client.mutate('note', { text: 'a' });
  await world.settle(client);
  expect(client.status.get().storeLost).toBeNull();
});

test('the browser is asked to keep the store once there is something to lose, and the answer is shown', async () => {
  const persist = vi.fn<() => Promise<boolean>>(async () => true);
  const client = await start({ persist });
  await world.settle(client);
  expect(persist).not.toHaveBeenCalled();
  expect(client.status.get().persistent).toBeNull();
  await client.mutate('note', { text: 'a' });
  await client.mutate('note', { text: 'b' });
  await world.settle(client);
  expect(persist).toHaveBeenCalledTimes(1);
  expect(client.status.get().persistent).toBe(true);
});

test('who signs out is not missed; who may not is still remembered', async () => {
  const client = await start();
  await client.mutate('note', { text: 'a' });
  world.isOnline = false;
  const unsent = [...marks];
  expect(unsent).toHaveLength(1);
  await expect(client.signOut()).rejects.toMatchObject({ code: 'unsent' });
  expect([...marks]).toEqual(unsent);
  await client.signOut({ dropUnsent: true });
  // What is left is for tabs that sleep, and says nothing of whose it was.
  expect([...marks]).toEqual([['ekbaar left', JSON.stringify([client.clientId])]]);
  expect((await start()).status.get().storeLost).toBeNull();
});
