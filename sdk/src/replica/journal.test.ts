import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient } from '../create-client.ts';
import { deferred } from '../deferred.ts';
import { collection, defineModel } from '../model/index.ts';
import { getProgress } from '../store/meta.ts';
import type { Store } from '../store/store.ts';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import { model } from '../testing/model.ts';
import { World } from '../testing/world.ts';
import { wrapStore } from '../testing/wrap-store.ts';
import { isRow } from './journal.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const notes = (count: number, text: string) => {
  for (let at = 0; at < count; at += 1) world.server.write('notes', `n${at}`, { id: `n${at}`, text });
};
/** What lies on the disk: rows in their places, and whether there is a journal. */
async function onDisk() {
  const store = await world.disk('pennco/a1');
  return store.transaction(['rows', 'meta'], 'read', async (tx) => {
    const all = await tx.list('rows');
    const rows = all.filter(isRow).filter(({ collection }) => collection === 'notes');
    return {
      segments: all.filter((value) => !isRow(value)).length,
      rows: rows.length,
      texts: new Set(rows.map(({ row }) => row?.['text'])),
      ...(await getProgress(tx)),
    };
  });
}
/** A disk that dies when rows are about to be put in their places. */
const settlesNever = async (name: string): Promise<Store> => {
  const store = await world.disk(name);
  return wrapStore(store, (tables, mode, body) =>
    mode === 'write' && tables.includes('rows')
      ? Promise.reject(new Error('battery'))
      : store.transaction(tables, mode, body),
  );
};

test('a large delta is written in few values, and its rows get their places when there is time', async () => {
  notes(700, 'first');
  const client = await world.synced();
  await idle();
  expect(await client.read('notes')).toHaveLength(700);
  const disk = await onDisk();
  expect(disk).toMatchObject({ rows: 700 });
  expect(disk.journal).toBeUndefined();
});

test('what did not get its place before the battery died is there again, changes and all', async () => {
  notes(200, 'first');
  const client = await world.synced({ store: settlesNever });
  notes(100, 'second');
  world.server.write('notes', 'n150', null);
  await client.sync();
  await client.close();
  expect(await onDisk()).toMatchObject({ rows: 0, journal: { bare: true } });

  const again = await world.client({ platform: { online: () => false } });
  const read = async () => (await again.read('notes')).map(({ text }) => text);
  expect(await read()).toHaveLength(199);
  expect((await read()).filter((text) => text === 'second')).toHaveLength(100);
  await world.clock.pass(5_000);
  const disk = await onDisk();
  expect(disk).toMatchObject({ rows: 199 });
  expect(disk.journal).toBeUndefined();
  expect(await read()).toHaveLength(199);
});

test('a journal that an earlier version has left is read, and its rows get their places', async () => {
  notes(100, 'first');
  const client = await world.synced({ store: settlesNever });
  world.server.write('notes', 'n7', null);
  await client.sync();
  await client.close();
  const store = await world.disk('pennco/a1');
  await store.transaction(['rows'], 'durable', async (tx) => {
    const segments = (await tx.list('rows')) as { collection: string; id: string; placings: string; seq: number }[];
    for (const { collection, id, placings, seq } of segments) {
      const former = (JSON.parse(placings) as { collection: string; id: string; scopes?: unknown }[]).map((one) => [
        one.collection,
        one.id,
        one.scopes ? one : null,
      ]);
      await tx.put('rows', [collection, id], { seq, collection, id, placings: JSON.stringify(former) });
    }
  });

  const again = await world.client({ platform: { online: () => false } });
  expect(await again.read('notes')).toHaveLength(99);
  await world.clock.pass(5_000);
  const disk = await onDisk();
  expect(disk).toMatchObject({ segments: 0, rows: 99 });
});

test('while there is a journal, a small change goes there too, and the newest counts', async () => {
  notes(200, 'first');
  const client = await world.synced({ store: settlesNever });
  world.server.write('notes', 'n7', { id: 'n7', text: 'newest' });
  await client.sync();
  await client.close();
  const again = await world.client();
  await idle();
  expect(await again.read('notes', { where: { text: 'newest' } })).toHaveLength(1);
  expect((await onDisk()).texts).toEqual(new Set(['first', 'newest']));
  // The sums still fit: nothing is sent again.
  await again.sync();
  expect(world.server.requests.at(-1)?.diverged).toEqual([]);
});

test('a scope that is reset or dropped takes the journal’s rows along', async () => {
  notes(200, 'first');
  const client = await world.synced({ store: settlesNever });
  world.server.scopes.get('agent:a1')?.lines.delete('notes/n5');
  world.server.reset.add('agent:a1');
  await client.sync();
  expect(await client.read('notes')).toHaveLength(199);
  world.server.dropped.add('agent:a1');
  await client.sync();
  expect(await client.read('notes')).toEqual([]);
  await client.close();
  const again = await world.client({ platform: { online: () => false } });
  await world.clock.pass(5_000);
  expect(await again.read('notes')).toEqual([]);
  expect(await onDisk()).toMatchObject({ rows: 0 });
});

test('rows that a tab puts in their places do not come back when another tab has dropped them meanwhile', async () => {
  notes(300, 'first');
  let drop: (() => Promise<unknown>) | undefined;
  let settling = 0;
  const slow = async (name: string): Promise<Store> => {
    const store = await world.disk(name);
    return wrapStore(store, async (tables, mode, body) => {
      const result = await store.transaction(tables, mode, body);
      if (mode === 'write' && tables.includes('rows') && !tables.includes('log')) settling += 1;
      // It has begun, and the first slice of rows is in its place.
      const now = settling === 2 ? drop : undefined;
      if (now) drop = undefined;
      await now?.();
      return result;
    });
  };
  const other = await world.client({ store: settlesNever });
  drop = async () => {
    world.server.dropped.add('agent:a1');
    await other.sync();
    await other.close();
  };
  const client = await world.synced({ store: slow });
  await idle();
  expect(drop).toBeUndefined();
  await client.sync();
  expect(await client.read('notes')).toEqual([]);
  expect(await onDisk()).toMatchObject({ rows: 0 });
});

test('a tab of an older app puts no row in its place once a newer one has its indexes there', async () => {
  const { schema } = model.collections.deliveries;
  const deliveries = collection({ schema, key: 'id', indexes: ['status', 'amountPaise'] });
  const newer = defineModel({ ...model, version: 2, collections: { ...model.collections, deliveries } });
  const origin = fakeOrigin();
  for (let at = 0; at < 80; at += 1) {
    world.server.write('deliveries', `x${at}`, { id: `x${at}`, status: 'pending', amountPaise: 5_000 + at });
  }
  const held = deferred<void>();
  let settling = 0;
  const slow = async (name: string): Promise<Store> => {
    const store = await world.disk(name);
    return wrapStore(store, async (tables, mode, body) => {
      if (mode === 'write' && tables.includes('rows') && !tables.includes('log') && (settling += 1) > 1)
        await held.promise;
      return store.transaction(tables, mode, body);
    });
  };
  await world.synced({ platform: origin, store: slow });
  const actor = { tenant: 'pennco', id: 'a1' };
  const platform = { ...world.platform, ...origin };
  const options = { url: 'http://server', actor, token: () => 'good', store: world.disk, platform };
  const client = await createClient({ ...options, model: newer });
  await idle();
  held.resolve();
  await idle();
  expect(await client.read('deliveries', { where: { amountPaise: { gte: 5_000 } } })).toHaveLength(80);
  await client.close();
});

test('a large delta lies in several values, cut anywhere, and is read as it was written', async () => {
  for (let at = 0; at < 100; at += 1) {
    // Cut after any number of characters, some of which have two halves.
    world.server.write('notes', `n${at}`, { id: `n${at}`, text: '₹😀'.repeat(at * 7) });
  }
  const client = await world.client({ store: settlesNever });
  await client.sync();
  expect((await onDisk()).segments).toBeGreaterThan(3);
  const shown = await client.read('notes');
  await client.close();
  const again = await world.client({ platform: { online: () => false } });
  expect(await again.read('notes')).toEqual(shown);
  await world.clock.pass(5_000);
  await expect.poll(async () => (await onDisk()).segments).toBe(0);
  expect(await again.read('notes')).toEqual(shown);
});
