import { afterEach, beforeEach, expect, test } from 'vitest';
import { destroyStore } from './destroy-store.ts';
import { memoryStore } from './store/memory/index.ts';
import { exportStore, exportUnsent, importUnsent, type UnsentFile } from './support/index.ts';
import type { Key, StoreFactory, Table } from './store/store.ts';
import { World } from './testing/world.ts';
import { wrapStore } from './testing/wrap-store.ts';

const actor = { tenant: 'pennco', id: 'a1' };

let world: World;
let disk: ReturnType<typeof memoryStore>;

beforeEach(() => {
  world = new World();
  disk = memoryStore();
  world.isOnline = false;
});

afterEach(async () => {
  await world.close();
});

async function noted(...texts: string[]): Promise<string> {
  const client = await world.client({ store: disk });
  for (const text of texts) await client.mutate('note', { text });
  await client.close();
  return client.clientId;
}

async function write(table: Table, key: Key, value: unknown): Promise<void> {
  const store = await disk('pennco/a1');
  await store.transaction([table], 'durable', (tx) => tx.put(table, key, value));
  await store.close();
}

/** The same disk, on which some places cannot be read. */
function damaged(...places: [Table, Key][]): StoreFactory {
  return async (name) => {
    const inner = await disk(name);
    return wrapStore(inner, (tables, mode, body) =>
      inner.transaction(tables, mode, (tx) =>
        body({
          ...tx,
          get: (table, key) =>
            places.some((place) => place[0] === table && place[1] === key)
              ? Promise.reject(new DOMException('Failed to read large IndexedDB value', 'DataError'))
              : tx.get(table, key),
          list: (table, ...range) =>
            places.some((place) => place[0] === table)
              ? Promise.reject(new DOMException('Failed to read large IndexedDB value', 'DataError'))
              : tx.list(table, ...range),
        }),
      ),
    );
  };
}

test('what cannot be read is said, never taken for a new store, and left as it is', async () => {
  await noted('a', 'b');
  const opening = world.client({ store: damaged(['log', 1]) });
  await expect(opening).rejects.toMatchObject({ code: 'store_broken', cause: { name: 'DataError' } });
  await expect(opening).rejects.toThrow(/exportStore.*destroyStore/);
  const client = await world.client({ store: disk });
  expect(await client.readMutations()).toHaveLength(2);
});

test.each([
  ['meta', 'identity', { iv: 'x', data: 'y' }],
  ['log', 2, { iv: 'x', data: 'y' }],
  ['log', 2, null],
] as const)('what is no longer as it was written is said too: %s %s', async (table, key, value) => {
  await noted('a', 'b');
  await write(table, key, value);
  await expect(world.client({ store: disk })).rejects.toMatchObject({ code: 'store_broken' });
});

test('what can still be read of a broken store goes into a new one, and happens once', async () => {
  const clientId = await noted('a', 'b', 'c');
  // The first is on the server, and the phone has not heard of it.
  world.isOnline = true;
  world.server.faults.push(async (_request, handle) => {
    await handle();
    throw new TypeError('the line broke');
  });
  const sending = await world.client({ store: disk });
  await world.clock.until(() => world.server.applied.size === 3, 'the mutations to arrive');
  world.isOnline = false;
  await sending.mutate('note', { text: 'd' });
  await sending.close();

  const { file, unreadable } = await exportStore({ actor, store: damaged(['log', 2]), platform: world.platform });
  expect(unreadable).toBe(1);
  const { entries, ...head } = JSON.parse(file) as UnsentFile;
  expect(entries.map(({ args }) => args)).toEqual([{ text: 'a' }, { text: 'c' }, { text: 'd' }]);
  expect(head).toMatchObject({ tenant: 'pennco', actor: 'a1', clientId, model: 1 });
  await destroyStore({ actor, store: disk });
  const client = await world.client({ store: disk });
  expect(await importUnsent(client, file)).toMatchObject({ imported: entries.map(({ key }) => key) });
  world.isOnline = true;
  await client.sync();
  expect([...world.server.applied.values()]).toEqual([1, 1, 1, 1]);
});

test('also when not even the identity can be read', async () => {
  await noted('a', 'b', 'c');
  const store = damaged(['log', 1], ['log', 3], ['meta', 'identity']);
  const { file, unreadable } = await exportStore({ actor, store, platform: world.platform });
  const { entries } = JSON.parse(file) as UnsentFile;
  expect(entries.map(({ args }) => args)).toEqual([{ text: 'b' }]);
  expect(unreadable).toBe(2);
  const client = await world.client({ store: memoryStore() });
  expect((await importUnsent(client, file)).imported).toHaveLength(1);
});

test('a whole store is exported as its client would, and not changed', async () => {
  await noted('a', 'b');
  const client = await world.client({ store: disk });
  const file = JSON.parse(await exportUnsent(client)) as UnsentFile;
  await client.close();
  const exported = await exportStore({ actor, store: disk, platform: world.platform });
  expect(JSON.parse(exported.file)).toEqual(file);
  expect(exported.unreadable).toBe(0);
});

test('a destroyed store starts afresh, and is not missed', async () => {
  const marks = new Map<string, string>();
  const marker = {
    get: (name: string) => marks.get(name) ?? null,
    set: (name: string, value: string | null) => void (value === null ? marks.delete(name) : marks.set(name, value)),
  };
  const start = () => world.client({ store: disk, platform: { marker } });
  const client = await start();
  await client.mutate('note', { text: 'a' });
  await client.close();
  expect(marks.size).toBe(1);
  await write('meta', 'identity', 'damaged');
  await destroyStore({ actor, store: disk, platform: { marker } });
  const fresh = await start();
  expect(await fresh.readMutations()).toEqual([]);
  expect(fresh.status.get().storeLost).toBeNull();
  expect(marks.size).toBe(0);
});
