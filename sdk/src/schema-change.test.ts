import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { createClient } from './create-client.ts';
import { StoreTooNewError } from './errors.ts';
import { collection, defineModel, type Model } from './model/index.ts';
import { getShapes } from './store/meta.ts';
import { readLog } from './tabs/catch-up.ts';
import { idle } from './testing/fake-clock.ts';
import { model } from './testing/model.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** The next model: a delivery has a place, and is asked for by it. */
const nextModel = defineModel({
  version: 2,
  collections: {
    ...model.collections,
    deliveries: collection({
      schema: z.object({ id: z.string(), status: z.string(), amountPaise: z.int(), place: z.optional(z.string()) }),
      key: 'id',
      indexes: ['status', 'place'],
    }),
  },
  mutations: model.mutations,
});

const open = <M extends Model>(of: M) =>
  createClient<M>({
    model: of,
    url: 'http://server',
    actor: { tenant: 'pennco', id: 'a1' },
    token: () => world.server.validToken,
    store: world.disk,
    platform: world.platform,
  });

const disk = () => world.disk('pennco/a1');

test('a new field is fetched for the rows that lack it, which are shown meanwhile; the log goes on', async () => {
  const old = await world.synced();
  world.isOnline = false;
  const { key } = await old.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await old.close();
  // The server's rows have the field, without any of them having changed.
  world.server.model = 2;
  for (const { lines } of world.server.scopes.values()) for (const line of lines.values()) fill(line);

  const client = await open(nextModel);
  expect(await client.read('deliveries')).toHaveLength(2);
  world.isOnline = true;
  const requests = world.server.requests.length;
  await client.sync();
  expect(world.server.requests[requests]?.diverged).toEqual(['agent:a1']);
  expect(await client.read('deliveries', { where: { place: 'Rampur' } })).toHaveLength(2);
  expect(world.server.applied.get(key)).toBe(1);
  await client.sync();
  expect(world.server.requests.at(-1)?.diverged).toEqual([]);
  await client.close();
});

test('the same model asks for nothing again', async () => {
  await (await world.synced()).close();
  const client = await open(model);
  await client.sync();
  expect(world.server.requests.at(-1)?.diverged).toEqual([]);
  await client.close();
});

test('a new index finds the rows that were there before, in collections of any size', async () => {
  for (let at = 0; at < 700; at += 1) {
    world.server.write('notes', `n${String(at).padStart(3, '0')}`, { id: `n${at}`, text: at % 7 === 0 ? 'a' : 'b' });
  }
  await (await world.synced()).close();
  const indexed = defineModel({
    ...model,
    version: 2,
    collections: {
      ...model.collections,
      notes: collection({ schema: model.collections.notes.schema, key: 'id', indexes: ['text'] }),
    },
  });
  const client = await open(indexed);
  // Before the index is there, and after it.
  expect(await client.read('notes', { where: { text: 'a' } })).toHaveLength(100);
  await client.close();
  const store = await disk();
  const [shapes, found] = await store.transaction(['meta', 'rows'], 'read', async (tx) => [
    await getShapes(tx),
    await tx.list('rows', { index: ['notes', 'text'], from: 'a', to: 'a' }),
  ]);
  expect(shapes['notes']?.indexes).toEqual(['text']);
  expect(found).toHaveLength(100);
});

test('an older app does not touch what a newer one has written, and says what to do', async () => {
  const newer = await open(nextModel);
  await newer.sync();
  await newer.mutate('note', { text: 'kept' });
  await newer.close();
  const before = await readLog(await disk());
  const opening = world.client();
  await expect(opening).rejects.toThrow(StoreTooNewError);
  await expect(opening).rejects.toThrow(/model 2; this app has 1.* reload or update the app/);
  expect(await readLog(await disk())).toEqual(before);
});

test('a tab of the older app that is still open writes nothing any more', async () => {
  const older = await world.synced();
  const newer = await open(nextModel);
  await expect(older.mutate('note', { text: 'x' })).rejects.toMatchObject({ code: 'store_too_new' });
  await expect(older.sync()).rejects.toMatchObject({ code: 'store_too_new' });
  expect(older.status.get()).toMatchObject({ updateRequired: true });
  await newer.sync();
  expect(await newer.readMutations()).toEqual([]);
  await newer.close();
});

test('while the first sync goes on, the status says how far it is, also after a restart', async () => {
  for (let at = 0; at < 6; at += 1) world.server.write('notes', `n${at}`, { id: `n${at}`, text: 'x' });
  world.server.pageSize = 3;
  let pages = 0;
  world.server.faults.push(
    (_request, handle) => handle(),
    (_request, handle) => ((pages += 1), handle()),
    () => Promise.reject(new TypeError('fetch failed')),
  );
  const client = await world.client();
  await world.clock.until(() => client.status.get().lastError?.code === 'unreachable');
  expect(client.status.get().progress).toEqual({ rows: 6, of: 8 });
  await client.close();
  expect(pages).toBe(1);
  const again = await world.client({ platform: { online: () => false } });
  await idle();
  expect(again.status.get().progress).toEqual({ rows: 6, of: 8 });
  await again.close();
  const last = await world.synced();
  expect(last.status.get().progress).toBeNull();
  expect(await last.read('notes')).toHaveLength(6);
});

function fill(line: { row: Record<string, unknown> | null }): void {
  if (line.row) line.row = { ...line.row, place: 'Rampur' };
}
