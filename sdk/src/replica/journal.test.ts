import { afterEach, beforeEach, expect, test } from 'vitest';
import { getProgress } from '../store/meta.ts';
import type { Store } from '../store/store.ts';
import { idle } from '../testing/fake-clock.ts';
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
    const rows = (await tx.list('rows')).filter(isRow).filter(({ collection }) => collection === 'notes');
    return { rows: rows.length, texts: new Set(rows.map(({ row }) => row?.['text'])), ...(await getProgress(tx)) };
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

test('a large delta is written as one value, and its rows get their places when there is time', async () => {
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
  const slow = async (name: string): Promise<Store> => {
    const store = await world.disk(name);
    return wrapStore(store, async (tables, mode, body) => {
      const result = await store.transaction(tables, mode, body);
      // After the first slice of rows.
      const now = mode === 'write' && !tables.includes('meta') ? drop : undefined;
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
