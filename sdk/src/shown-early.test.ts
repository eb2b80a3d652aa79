import { afterEach, beforeEach, expect, test } from 'vitest';
import { deferred } from './deferred.ts';
import type { Store } from './store/store.ts';
import { idle } from './testing/fake-clock.ts';
import { fakeOrigin } from './testing/fake-origin.ts';
import { World } from './testing/world.ts';
import { wrapStore } from './testing/wrap-store.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** A store whose next durable write of rows waits for a flush of its own, which may fail. */
function slowDisk() {
  const disk: { flush: Promise<void> | undefined } = { flush: undefined };
  const open = async (name: string): Promise<Store> => {
    const store = await world.disk(name);
    return wrapStore(store, (tables, mode, body) =>
      store.transaction(tables, mode, async (tx) => {
        const result = await body(tx);
        if (mode === 'durable' && tables.includes('rows')) await disk.flush;
        return result;
      }),
    );
  };
  return { disk, open };
}

test('a delta is on the screen before the disk is done; an outcome is told only after', async () => {
  const { disk, open } = slowDisk();
  const client = await world.synced({ store: open });
  const flush = deferred<void>();
  disk.flush = flush.promise;
  const { confirmed } = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  world.server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 1 });
  let told = false;
  void confirmed.then(() => (told = true));
  const seen: number[] = [];
  client.watch('deliveries', {}, (rows) => seen.push(rows.length));
  await idle();
  expect(seen).toEqual([2, 3]);
  expect(told).toBe(false);
  flush.resolve();
  await idle();
  expect(told).toBe(true);
});

test('the replica counts as complete when it is on disk, not as soon as it is shown', async () => {
  const { disk, open } = slowDisk();
  const flush = deferred<void>();
  disk.flush = flush.promise;
  const client = await world.client({ store: open });
  const seen: number[] = [];
  client.watch('deliveries', {}, (rows) => seen.push(rows.length));
  await idle();
  expect([seen.at(-1), client.status.get().lastSyncedAt]).toEqual([2, null]);
  flush.resolve();
  await idle();
  expect(client.status.get().lastSyncedAt).not.toBeNull();
});

test('what was shown and did not get to the disk is taken back, and comes again', async () => {
  const { disk, open } = slowDisk();
  const client = await world.synced({ store: open });
  const flush = deferred<void>();
  disk.flush = flush.promise;
  world.server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 1 });
  const seen: number[] = [];
  client.watch('deliveries', {}, (rows) => seen.push(rows.length));
  await idle();
  const failing = client.sync();
  await idle();
  expect(seen).toEqual([2, 3]);
  disk.flush = undefined;
  flush.reject(new Error('disk'));
  await expect(failing).rejects.toThrow('disk');
  await idle();
  expect(seen).toEqual([2, 3, 2]);
  await client.sync();
  await idle();
  expect(seen).toEqual([2, 3, 2, 3]);
});

/** A store whose transactions begin only when told to. */
function slowStart() {
  const start: { gate: Promise<void> | undefined } = { gate: undefined };
  const open = async (name: string): Promise<Store> => {
    const store = await world.disk(name);
    return wrapStore(store, async (tables, mode, body) => {
      await start.gate;
      return store.transaction(tables, mode, body);
    });
  };
  return { start, open };
}

test('a mutation is on the screen before the store is asked, and saved only after', async () => {
  const { start, open } = slowStart();
  const client = await world.synced({ store: open });
  const seen: string[] = [];
  client.watch('deliveries', { where: { id: 'd1' } }, ([row]) => seen.push(row?.status ?? ''));
  await idle();
  const gate = deferred<void>();
  start.gate = gate.promise;
  let isSaved = false;
  const saving = client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 }).then(() => (isSaved = true));
  await idle();
  expect(seen).toEqual(['pending', 'confirmed']);
  // Nobody may take it for something that is in the queue.
  expect([isSaved, client.status.get().pending]).toEqual([false, 0]);
  gate.resolve();
  await saving;
  expect(client.status.get().pending).toBe(1);
  await world.settle(client);
  expect(seen).toEqual(['pending', 'confirmed']);
  expect([...world.server.applied.values()]).toEqual([1]);
});

test('what two tabs foresee for the same place is saved in two, and done once each', async () => {
  const origin = fakeOrigin();
  world.isOnline = false;
  const slow = [slowStart(), slowStart()] as const;
  const [first, second] = await Promise.all(slow.map(({ open }) => world.client({ store: open, platform: origin })));
  if (!first || !second) throw new Error('two tabs');
  const gate = deferred<void>();
  for (const { start } of slow) start.gate = gate.promise;
  const saving = Promise.all([
    first.mutate('note', { text: 'first' }),
    second.mutate('note', { text: 'second' }),
    first.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 }),
  ]);
  await idle();
  for (const tab of [first, second]) expect((await tab.readMutations()).length).toBeGreaterThan(0);
  gate.resolve();
  const saved = await saving;
  await idle();
  const keys = saved.map(({ key }) => key).toSorted();
  for (const tab of [first, second]) {
    const log = await tab.readMutations();
    expect(log.map(({ key }) => key).toSorted()).toEqual(keys);
    expect(log.map(({ id }) => id)).toEqual([1, 2, 3]);
  }
  world.isOnline = true;
  world.tell('online');
  await world.settle(first);
  expect([...world.server.applied.values()]).toEqual([1, 1, 1]);
});

test('many rows that come whole are on the screen before the disk is asked for what it has of them', async () => {
  const client = await world.synced();
  const held: string[] = [];
  for (let at = 0; at < 100; at++) {
    world.server.write('deliveries', `m${at}`, { id: `m${at}`, status: 'pending', amountPaise: 1 });
    held.push(`m${at}`);
  }
  await client.sync();
  await world.settle(client);
  await client.close();

  const reading: { gate: Promise<void> | undefined } = { gate: undefined };
  const slow = await world.synced({
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, (tables, mode, body) =>
        store.transaction(tables, mode, (tx) => {
          const isRow = (table: string) => mode === 'durable' && table === 'rows';
          return body({
            ...{ put: tx.put.bind(tx), delete: tx.delete.bind(tx), clear: tx.clear.bind(tx) },
            async get(table, key) {
              if (isRow(table)) await reading.gate;
              return tx.get(table, key);
            },
            async list(table, ...rest) {
              if (isRow(table)) await reading.gate;
              return tx.list(table, ...rest);
            },
          });
        }),
      );
    },
  });
  const seen: number[] = [];
  slow.watch('deliveries', { where: { status: 'failed' } }, (rows) => seen.push(rows.length));
  await idle();
  const gate = deferred<void>();
  reading.gate = gate.promise;
  for (const id of held) world.server.write('deliveries', id, { id, status: 'failed', amountPaise: 1 });
  const syncing = slow.sync();
  await idle();
  expect(seen).toEqual([0, 100]);
  gate.reject(new Error('disk'));
  await expect(syncing).rejects.toThrow('disk');
  await idle();
  expect(seen).toEqual([0, 100, 0]);
  reading.gate = undefined;
  await slow.sync();
  await idle();
  expect(seen).toEqual([0, 100, 0, 100]);
});
