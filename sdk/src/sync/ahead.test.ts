import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Deferred, deferred } from '../deferred.ts';
import { StoreFullError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import type { Fault } from '../testing/fake-server.ts';
import { silence } from '../testing/slow-answer.ts';
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

const asIs: Fault = (_request, handle) => handle();
const cursors = () => world.server.requests.map(({ cursor }) => cursor);

test('the next pages come while this one is being written, and none is asked for twice', async () => {
  const { client, firstPage } = await atFirstPage();
  expect(cursors()).toEqual([null, ...Array.from({ length: 3 }, () => expect.any(String) as string)]);
  firstPage.resolve();
  await world.settle(client);
  expect(new Set(cursors()).size).toBe(4);
  expect(cursors()).toHaveLength(4);
  expect(await client.read('notes')).toHaveLength(30);
});

test('a page that has come is on the screen before the ones before it are on the disk', async () => {
  flush = deferred();
  const client = await world.client({ store: slowDisk });
  const seen: number[] = [];
  client.watch('notes', {}, (rows) => seen.push(rows.length));
  await idle();
  expect(seen.at(-1)).toBe(30);
  // The first page has two deliveries as well.
  expect(client.status.get().progress).toEqual({ rows: 10, of: 32 });
  flush.resolve();
  await world.settle(client);
  expect(seen).toEqual(seen.toSorted((few, many) => few - many));
  expect(await client.read('notes')).toHaveLength(30);
});

test('who asks later, of the disk, is given what is on the screen', async () => {
  const { client, firstPage } = await atFirstPage();
  const queries = [{ where: { id: 'n29' } }, { orderBy: '-id', limit: 10 }, {}] as const;
  const asked = queries.map((query) => client.read('notes', query));
  // They have the disk before the next page does.
  firstPage.resolve();
  for (const rows of await Promise.all(asked)) expect(rows.map(({ id }) => id)).toContain('n29');
  await world.settle(client);
  world.server.write('notes', 'n29', { id: 'n29', text: 'newer' });
  await client.sync();
  expect(await client.read('notes', { where: { id: 'n29' } })).toMatchObject([{ text: 'newer' }]);
});

test('a row that two pages of a pull have does not go back to the older one when that is written', async () => {
  const seen: unknown[] = [];
  flush = deferred();
  world.server.faults.push(asIs, asIs, (_request, handle) => {
    world.server.write('notes', 'n10', { id: 'n10', text: 'newer' });
    return handle();
  });
  const client = await world.client({ store: slowDisk });
  client.watch('notes', { where: { id: 'n10' } }, ([row]) => seen.push(row?.text));
  await idle();
  expect(seen.at(-1)).toBe('newer');
  flush.resolve();
  await world.settle(client);
  expect(seen).toEqual([undefined, '10', 'newer']);
});

test('a read that begins before a page is written has its rows, and what moves up in their place', async () => {
  const write = (status: string) => {
    for (let at = 0; at < 100; at += 1) {
      const id = `m${String(at).padStart(2, '0')}`;
      world.server.write('deliveries', id, { id, status: at < 90 ? status : 'b', amountPaise: 1 });
    }
  };
  let gate: Deferred<void> | undefined;
  world.server.pageSize = 1000;
  write('a');
  const client = await world.synced({
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, async (tables, mode, body) => {
        if (mode !== 'read' && tables.includes('log') && tables.includes('rows')) await gate?.promise;
        return store.transaction(tables, mode, body);
      });
    },
  });
  write('z');
  gate = deferred();
  const syncing = client.sync();
  await idle();
  const first = await client.read('deliveries', { orderBy: 'status', limit: 5 });
  const one = await client.read('deliveries', { where: { id: 'm00' } });
  const all = await client.read('deliveries');
  gate.resolve();
  await syncing;
  expect(first.map(({ id }) => id)).toEqual(['m90', 'm91', 'm92', 'm93', 'm94']);
  expect(one).toMatchObject([{ status: 'z' }]);
  expect(all.filter(({ status }) => status === 'z')).toHaveLength(90);
});

test('a few pages wait for a disk that is slower than the line, and no more', async () => {
  for (let at = 30; at < 200; at += 1) world.server.write('notes', `n${at}`, { id: `n${at}`, text: `${at}` });
  const { client, firstPage } = await atFirstPage();
  expect(cursors()).toHaveLength(5);
  firstPage.resolve();
  await world.settle(client);
  expect(new Set(cursors()).size).toBe(21);
  expect(cursors()).toHaveLength(21);
  expect(await client.read('notes')).toHaveLength(200);
});

test('a mutation that is made meanwhile goes first: what is still on its way is left aside, what has come is not', async () => {
  world.server.faults.push(asIs, asIs, silence);
  const { client, firstPage } = await atFirstPage();
  expect(cursors()).toHaveLength(3);
  const made = client.mutate('note', { text: 'mine' });
  await idle();
  firstPage.resolve();
  const { key, confirmed } = await made;
  await world.settle(client);
  const [, came, left, push] = world.server.requests;
  expect([came, left, push].map((request) => request?.mutations.length)).toEqual([0, 0, 1]);
  expect(push?.cursor).toBe(left?.cursor);
  expect(await confirmed).toMatchObject({ state: 'applied' });
  expect(world.server.applied.get(key)).toBe(1);
  expect(await client.read('notes')).toHaveLength(30);
});

test.each([
  ['does not take', new Error('the disk is broken')],
  ['has no room for', new StoreFullError(new Error('no room'))],
])(
  'a page that the disk %s comes again: what came after it is left aside, and off the screen',
  async (_words, error) => {
    const { client, firstPage } = await atFirstPage();
    const seen: number[] = [];
    client.watch('notes', {}, (rows) => seen.push(rows.length));
    await idle();
    flush = undefined;
    firstPage.reject(error);
    await idle();
    await expect.poll(() => client.status.get().syncing).toBe(false);
    expect(seen.at(-1)).toBe(0);
    expect(await client.read('notes')).toEqual([]);
    await world.clock.pass(11 * 60_000);
    await client.sync();
    expect(cursors().filter((cursor) => cursor === null).length).toBeGreaterThan(1);
    expect(await client.read('notes')).toHaveLength(30);
  },
);

test('what comes too late, after another tab has moved on, does not stay on the screen', async () => {
  world.server.pageSize = 20;
  const { channel } = fakeOrigin();
  const gate = deferred<void>();
  const late = deferred<void>();
  world.server.faults.push(asIs, async (_request, handle) => {
    const page = await handle();
    await late.promise;
    return page;
  });
  const client = await world.client({
    platform: { channel },
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, async (tables, mode, body) => {
        if (mode !== 'read' && tables.includes('log') && tables.includes('rows')) await gate.promise;
        return store.transaction(tables, mode, body);
      });
    },
  });
  const seen: unknown[] = [];
  client.watch('notes', { where: { id: 'n29' } }, (rows) => seen.push(rows[0]?.text));
  await idle();
  expect(cursors()).toHaveLength(2);
  world.server.write('notes', 'n29', { id: 'n29', text: 'newer' });
  await world.synced({ platform: { channel } });
  await idle();
  expect(seen.at(-1)).toBe('newer');
  world.isOnline = false;
  late.resolve();
  await idle();
  gate.resolve();
  await idle();
  await expect.poll(() => client.status.get().syncing).toBe(false);
  expect(seen.at(-1)).toBe('newer');
});

test('what comes for a client id that was left does not stay on the screen, also when a read fails then', async () => {
  const { channel } = fakeOrigin();
  const late = deferred<void>();
  world.server.faults.push(async (_request, handle) => {
    const page = await handle();
    await late.promise;
    return page;
  });
  let failing = 0;
  const client = await world.client({
    platform: { channel },
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, async (tables, mode, body) => {
        const result = await store.transaction(tables, mode, body);
        if (mode === 'read' && (failing -= 1) === 0) throw new Error('the disk is away');
        return result;
      });
    },
  });
  const seen: unknown[] = [];
  client.watch('notes', { where: { id: 'n5' } }, (rows) => seen.push(rows[0]?.text));
  await idle();
  world.server.write('notes', 'n5', null);
  // Somebody else has used it.
  world.server.clients.set(client.clientId, { last: 5, keys: new Map() });
  await world.synced({ platform: { channel } });
  await idle();
  world.isOnline = false;
  failing = 1;
  late.resolve();
  await idle();
  world.tell('visible');
  await idle();
  expect(failing).toBeLessThan(1);
  expect(client.status.get().syncing).toBe(false);
  expect(seen.at(-1)).toBeUndefined();
});

test('an answer that is not the server’s, while the page before it is written, costs a try and no page', async () => {
  world.server.faults.push(asIs, async () => new Response('<html>', { status: 200 }));
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
