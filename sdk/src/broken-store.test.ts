import { afterEach, beforeEach, expect, test } from 'vitest';
import { destroyStore } from './destroy-store.ts';
import { exportStore } from './export-store.ts';
import { memoryStore } from './store/memory/index.ts';
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

test('what can still be read of a broken store is exported', async () => {
  const clientId = await noted('a', 'b', 'c');
  const { unsent, ...rest } = await exportStore({ actor, store: damaged(['log', 2]) });
  expect(unsent.map(({ args }) => args)).toEqual([{ text: 'a' }, { text: 'c' }]);
  expect(rest).toEqual({ format: 'ekbaar-export-1', actor, clientId, settled: [], unreadable: 1 });
  const blind = await exportStore({ actor, store: damaged(['log', 1], ['log', 3], ['meta', 'identity']) });
  expect(blind.unsent.map(({ args }) => args)).toEqual([{ text: 'b' }]);
  expect(blind).toMatchObject({ clientId: null, unreadable: 2 });
});

test('a whole store is exported as it is, and not changed', async () => {
  await noted('a', 'b');
  world.isOnline = true;
  const client = await world.client({ store: disk });
  await world.settle(client);
  world.isOnline = false;
  await client.mutate('note', { text: 'c' });
  const records = await client.readMutations();
  await client.close();
  const exported = await exportStore({ actor, store: disk });
  expect(exported.unsent.map(({ key }) => key)).toEqual(records.slice(2).map(({ key }) => key));
  expect(exported.settled.map(({ key }) => key)).toEqual(records.slice(0, 2).map(({ key }) => key));
  expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
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
