import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Deferred, deferred } from '../deferred.ts';
import { StoreFullError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { idle } from '../testing/fake-clock.ts';
import { World } from '../testing/world.ts';
import { wrapStore } from '../testing/wrap-store.ts';

let world: World;
/** While there is one, writing a page of rows waits for it. */
let flush: Deferred<void> | undefined;
beforeEach(() => {
  flush = undefined;
  world = new World();
  world.server.pageSize = 10;
  for (let at = 0; at < 30; at += 1) world.server.write('notes', `n${at}`, { id: `n${at}`, text: `${at}` });
});
afterEach(() => world.close());

async function slowDisk(name: string): Promise<Store> {
  const store = await world.disk(name);
  return wrapStore(store, (tables, mode, body) =>
    store.transaction(tables, mode, async (tx) => {
      const result = await body(tx);
      if (mode !== 'read' && tables.includes('log') && tables.includes('rows')) await flush?.promise;
      return result;
    }),
  );
}

/** A client whose first page has come and is being written. */
async function atFirstPage() {
  flush = deferred();
  const client = await world.client({ store: slowDisk });
  await idle();
  return { client, firstPage: flush };
}

const cursors = () => world.server.requests.map(({ cursor }) => cursor);

test('the next page is on its way while this one is being written, and none is asked for twice', async () => {
  const { client, firstPage } = await atFirstPage();
  expect(cursors()).toEqual([null, expect.any(String)]);
  firstPage.resolve();
  await world.settle(client);
  expect(new Set(cursors()).size).toBe(4);
  expect(cursors()).toHaveLength(4);
  expect(await client.read('notes')).toHaveLength(30);
});

test('a mutation that is made meanwhile goes first, from where the disk is', async () => {
  const { client, firstPage } = await atFirstPage();
  const made = client.mutate('note', { text: 'mine' });
  await idle();
  firstPage.resolve();
  const { key, confirmed } = await made;
  await world.settle(client);
  const [, ahead, push] = world.server.requests;
  expect([ahead, push].map((request) => request?.mutations.length)).toEqual([0, 1]);
  expect(push?.cursor).toBe(ahead?.cursor);
  expect(await confirmed).toMatchObject({ state: 'applied' });
  expect(world.server.applied.get(key)).toBe(1);
  expect(await client.read('notes')).toHaveLength(30);
});

test.each([
  ['does not take', new Error('the disk is broken')],
  ['has no room for', new StoreFullError(new Error('no room'))],
])('a page that the disk %s comes again: what was asked for after it is left aside', async (_words, error) => {
  const { client, firstPage } = await atFirstPage();
  expect(cursors()).toHaveLength(2);
  flush = undefined;
  firstPage.reject(error);
  await idle();
  await expect.poll(() => client.status.get().syncing).toBe(false);
  expect(await client.read('notes')).toEqual([]);
  await world.clock.pass(11 * 60_000);
  await client.sync();
  expect(cursors().filter((cursor) => cursor === null).length).toBeGreaterThan(1);
  expect(await client.read('notes')).toHaveLength(30);
});

test('an answer that is not the server’s, while the page before it is written, costs a try and no page', async () => {
  world.server.faults.push(
    (_request, handle) => handle(),
    async () => new Response('<html>', { status: 200 }),
  );
  const { client, firstPage } = await atFirstPage();
  firstPage.resolve();
  await world.settle(client);
  expect(cursors().filter((cursor) => cursor === null)).toHaveLength(1);
  expect(await client.read('notes')).toHaveLength(30);
});

test('who works during a first sync does not pay for pages that are left aside again and again', async () => {
  for (let at = 30; at < 300; at += 1) world.server.write('notes', `n${at}`, { id: `n${at}`, text: `${at}` });
  const { client, firstPage } = await atFirstPage();
  let page = firstPage;
  while (client.status.get().lastSyncedAt === null) {
    void client.mutate('note', { text: 'mine' });
    flush = deferred();
    page.resolve();
    page = flush;
    await world.clock.pass(100);
  }
  flush = undefined;
  page.resolve();
  const wanted = new Set(cursors()).size;
  expect(cursors().length - wanted).toBeLessThanOrEqual(1);
});
