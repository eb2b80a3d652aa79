import { expect, test } from 'vitest';
import { World } from '../../testing/world.ts';
import { wrapStore } from '../../testing/wrap-store.ts';
import { memoryStore } from '../memory/index.ts';
import type { StoreFactory, Table } from '../store.ts';
import { encryptedStore } from './index.ts';

const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

/** A client's store with 450 rows and some mutations, some of them unsent, and not encrypted. */
async function usedPlain() {
  const world = new World();
  const disk = memoryStore();
  for (let at = 0; at < 450; at += 1) {
    world.server.write('deliveries', `x${at}`, { id: `x${at}`, status: 'pending', amountPaise: at });
  }
  const client = await world.synced({ store: disk });
  await client.mutate('note', { text: 'sent' });
  await world.settle(client);
  world.isOnline = false;
  await client.mutate('note', { text: 'kept' });
  const state = await stateOf(client);
  await client.close();
  return { world, disk, state };
}

type AnyClient = Awaited<ReturnType<World['client']>>;

async function stateOf(client: AnyClient) {
  return {
    clientId: client.clientId,
    mutations: await client.readMutations(),
    deliveries: await client.read('deliveries'),
    notes: await client.read('notes'),
  };
}

async function plainValues(disk: StoreFactory): Promise<number> {
  const raw = await disk('pennco/a1');
  const tables: readonly Table[] = ['log', 'rows', 'meta'];
  const all = await raw.transaction(tables, 'read', (tx) => Promise.all(tables.map((table) => tx.list(table))));
  return all.flat().filter((value) => !JSON.stringify(value).includes('"sealed"')).length;
}

/** The same disk, which dies for good after so many transactions that write. */
function dyingAfter(disk: StoreFactory, writes: number): StoreFactory {
  let left = writes;
  return async (name) => {
    const inner = await disk(name);
    return wrapStore(inner, async (tables, mode, body) => {
      if (mode !== 'read') left -= 1;
      if (left < 0) throw new Error('dead');
      return inner.transaction(tables, mode, body);
    });
  };
}

test('what is there from before the key is encrypted, whenever it is interrupted; nothing is lost', async () => {
  const { world, disk, state } = await usedPlain();
  let interrupted = 0;
  let opened = false;
  while (!opened) {
    // One write more is done each time: the first slices of a run find their work done.
    const store = encryptedStore(dyingAfter(disk, 1), { key });
    opened = await store('pennco/a1').then(
      async (one) => {
        await one.close();
        return true;
      },
      () => false,
    );
    if (!opened) interrupted += 1;
    if (interrupted > 50) throw new Error('it does not come to its end');
  }
  // Meta, log, three slices of rows, and the end of it each take one.
  expect(interrupted).toBeGreaterThan(4);
  // The key record itself.
  expect(await plainValues(disk)).toBe(1);
  const client = await world.client({ store: encryptedStore(disk, { key, plain: 'refuse' }) });
  expect(await stateOf(client)).toEqual(state);
  world.isOnline = true;
  await world.settle(client);
  expect((await client.readMutations()).map(({ state }) => state)).toEqual(['applied', 'applied']);
  await world.close();
});

test('a store that is not encrypted is not opened when the app says so', async () => {
  const { disk } = await usedPlain();
  const before = await plainValues(disk);
  const opening = encryptedStore(disk, { key, plain: 'refuse' })('pennco/a1');
  await expect(opening).rejects.toMatchObject({ code: 'store_broken' });
  expect(await plainValues(disk)).toBe(before);
});

test('what another tab changes while it is being encrypted is not lost', async () => {
  const { disk } = await usedPlain();
  const raw = await disk('pennco/a1');
  const changed = { seq: 1, key: 'changed meanwhile' };
  let interfered = false;
  const inner: StoreFactory = async (name) =>
    wrapStore(await disk(name), async (tables, mode, body) => {
      if (mode === 'durable' && tables.join() === 'log' && !interfered) {
        interfered = true;
        await raw.transaction(['log'], 'durable', (tx) => tx.put('log', 1, changed));
      }
      return raw.transaction(tables, mode, body);
    });
  const store = await encryptedStore(inner, { key })('pennco/a1');
  expect(interfered).toBe(true);
  expect(await store.transaction(['log'], 'read', (tx) => tx.get('log', 1))).toEqual(changed);
  expect(await plainValues(disk)).toBe(1);
});

test('two tabs begin at once', async () => {
  const { world, disk, state } = await usedPlain();
  const store = encryptedStore(disk, { key });
  const both = await Promise.all([store('pennco/a1'), store('pennco/a1')]);
  for (const one of both) await one.close();
  expect(await plainValues(disk)).toBe(1);
  const client = await world.client({ store: encryptedStore(disk, { key }) });
  expect(await stateOf(client)).toEqual(state);
  await world.close();
});

test('without the key, an encrypted store is neither read nor written, and not taken for a broken one', async () => {
  const { world, disk } = await usedPlain();
  await (await encryptedStore(disk, { key })('pennco/a1')).close();
  await expect(world.client({ store: disk })).rejects.toMatchObject({ code: 'wrong_key' });
  expect(await plainValues(disk)).toBe(1);
});

test('a tab from before the key can write nothing among what is encrypted', async () => {
  const { world, disk } = await usedPlain();
  const old = await world.client({ store: disk });
  await (await encryptedStore(disk, { key })('pennco/a1')).close();
  await expect(old.mutate('note', { text: 'lost' })).rejects.toMatchObject({ code: 'not_saved' });
  await expect(old.rejections.dismiss(crypto.randomUUID())).resolves.toBeUndefined();
  expect(await plainValues(disk)).toBe(1);
  await world.close();
});

test('a value that is not the SDK’s stops it before anything of it is lost', async () => {
  const { disk } = await usedPlain();
  const raw = await disk('pennco/a1');
  await raw.transaction(['meta'], 'durable', (tx) => tx.put('meta', 'foreign', { theirs: true }));
  await expect(encryptedStore(disk, { key })('pennco/a1')).rejects.toMatchObject({ code: 'store_broken' });
  expect(await raw.transaction(['meta'], 'read', (tx) => tx.get('meta', 'foreign'))).toEqual({ theirs: true });
});
