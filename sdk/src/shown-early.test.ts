import { afterEach, beforeEach, expect, test } from 'vitest';
import { deferred } from './deferred.ts';
import type { Store } from './store/store.ts';
import { idle } from './testing/fake-clock.ts';
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
