import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from './client.ts';
import type { Platform } from './platform.ts';
import type { Table } from './store/store.ts';
import { readLog } from './tabs/catch-up.ts';
import { deferred } from './deferred.ts';
import { idle } from './testing/fake-clock.ts';
import { fakeOrigin } from './testing/fake-origin.ts';
import type { TestModel } from './testing/model.ts';
import { World } from './testing/world.ts';
import { wrapStore } from './testing/wrap-store.ts';

let world: World;
let origin: ReturnType<typeof fakeOrigin>;
beforeEach(() => {
  world = new World();
  origin = fakeOrigin();
});
afterEach(() => world.close());

const confirm = ['confirm', { deliveryId: 'd1', amountPaise: 100 }] as const;

/** Everything that is on the disk, whoever wrote it. */
async function onDisk(actor = 'a1'): Promise<Record<Table, number>> {
  const store = await world.disk(`pennco/${actor}`);
  return store.transaction(['log', 'rows', 'meta'], 'read', async (tx) => {
    const [log, rows, meta] = await Promise.all((['log', 'rows', 'meta'] as const).map((table) => tx.list(table)));
    return { log: log?.length ?? 0, rows: rows?.length ?? 0, meta: meta?.length ?? 0 };
  });
}
const nothing = { log: 0, rows: 0, meta: 0 };

/** An offline client with one mutation that is not sent. */
async function unsent(client: Client<TestModel>): Promise<string> {
  world.isOnline = false;
  const { key } = await client.mutate(...confirm);
  return key;
}

test('signing out leaves nothing on the device, and the client closed', async () => {
  const client = await world.synced();
  const { confirmed } = await client.mutate(...confirm);
  await world.settle(client);
  await confirmed;
  await client.signOut();
  expect(await onDisk()).toEqual(nothing);
  expect(client.status.get()).toMatchObject({ signedOut: true });
  await expect(client.mutate(...confirm)).rejects.toMatchObject({ code: 'closed' });
  await expect(client.signOut()).rejects.toMatchObject({ code: 'closed' });
  await client.close();
  expect(world.clock.waiting).toBe(0);
  const { clientId } = client;
  const again = await world.synced();
  expect(again.clientId).not.toBe(clientId);
  expect(await again.readMutations()).toEqual([]);
  expect(await again.read('deliveries')).toHaveLength(2);
});

test('what is not sent holds it up, and says how much and since when', async () => {
  const client = await world.synced();
  const key = await unsent(client);
  const [record] = await client.readMutations();
  await world.clock.pass(60_000);
  await client.mutate('note', { text: 'later' });
  await expect(client.signOut()).rejects.toMatchObject({
    code: 'unsent',
    unsent: 2,
    oldestUnsentAt: record?.at,
    needsAttention: 0,
  });
  // Nothing has changed: it goes on, and is sent after all.
  expect(client.status.get()).toMatchObject({ signedOut: false, pending: 2 });
  world.isOnline = true;
  world.tell('online');
  await world.settle(client);
  expect(world.server.applied.get(key)).toBe(1);
  await client.signOut();
  expect(await onDisk()).toEqual(nothing);
});

test('a refusal that nobody has seen holds it up too', async () => {
  const client = await world.synced();
  await client.mutate(...confirm);
  const { key } = await client.mutate(...confirm);
  await world.settle(client);
  const refusal = { code: 'unsent', unsent: 0, oldestUnsentAt: null, needsAttention: 1 };
  await expect(client.signOut()).rejects.toMatchObject(refusal);
  await client.rejections.dismiss(key);
  await client.signOut();
});

test('dropUnsent drops it all, and it is never sent', async () => {
  const client = await world.synced();
  const key = await unsent(client);
  await client.signOut({ dropUnsent: true });
  expect(await onDisk()).toEqual(nothing);
  world.isOnline = true;
  const again = await world.synced();
  await again.sync();
  expect(world.server.applied.get(key)).toBeUndefined();
});

test('unsent mutations of another tab, which this one has not heard of, count', async () => {
  const client = await world.synced({ platform: { ...origin, channel: undefined } });
  const other = await world.client({ platform: origin });
  await unsent(other);
  expect(client.status.get().pending).toBe(0);
  await expect(client.signOut()).rejects.toMatchObject({ code: 'unsent', unsent: 1 });
});

test('the other tabs hear of it and close', async () => {
  const client = await world.synced({ platform: origin });
  const other = await world.client({ platform: origin });
  await idle();
  await client.signOut();
  await idle();
  expect(other.status.get().signedOut).toBe(true);
  await expect(other.mutate(...confirm)).rejects.toMatchObject({ code: 'closed' });
  await other.close();
  expect(await onDisk()).toEqual(nothing);
});

test('a tab that hears of it while it opens closes too', async () => {
  const client = await world.synced({ platform: origin });
  let signOut: (() => Promise<void>) | undefined = () => client.signOut();
  const opening = await world.client({
    platform: origin,
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, async (tables, mode, body) => {
        const result = await store.transaction(tables, mode, body);
        const now = mode === 'read' ? signOut : undefined;
        if (now) signOut = undefined;
        await now?.();
        return result;
      });
    },
  });
  await idle();
  expect(opening.status.get().signedOut).toBe(true);
  expect(await onDisk()).toEqual(nothing);
});

/** Holds up the deletion: the store is empty, and there for those who have it open. */
function sleepy() {
  const gate = deferred<void>();
  const store = async (name: string) => {
    const inner = await world.disk(name);
    const wrapped = wrapStore(inner, (tables, mode, body) => inner.transaction(tables, mode, body));
    return { ...wrapped, destroy: () => gate.promise.then(() => inner.destroy()) };
  };
  return { store, wake: gate.resolve };
}

test.for(['mutate', 'look', 'sync', 'retry'] as const)(
  'a tab that has not heard of it writes nothing back with its next %s, and closes',
  async (next) => {
    const { store, wake } = sleepy();
    const client = await world.synced({ platform: origin, store });
    await client.mutate(...confirm);
    const { key } = await client.mutate(...confirm);
    await world.settle(client);
    const deaf = await world.client({ platform: { ...origin, channel: undefined } });
    expect(await deaf.readMutations()).toHaveLength(2);
    const leaving = client.signOut({ dropUnsent: true });
    await idle();
    const does = {
      mutate: () => deaf.mutate('note', { text: 'after' }),
      sync: () => deaf.sync(),
      retry: () => deaf.rejections.retry(key),
      look: async () => {
        world.tell('visible');
        await idle();
        await deaf.sync();
      },
    };
    await expect(does[next]()).rejects.toMatchObject({ code: 'closed' });
    await idle();
    expect(deaf.status.get().signedOut).toBe(true);
    expect((await readLog(await world.disk('pennco/a1'))).entries).toEqual([]);
    await deaf.close();
    wake();
    await leaving;
    expect(await onDisk()).toEqual(nothing);
  },
);

/** A client that has one mutation applied and one refused, and another tab of it that hears nothing. */
async function sleeping() {
  const marks = new Map<string, string>();
  const marker = {
    get: (name: string) => marks.get(name) ?? null,
    set: (name: string, value: string | null) => void (value === null ? marks.delete(name) : marks.set(name, value)),
  };
  const platform = { ...origin, marker };
  const client = await world.synced({ platform });
  await client.mutate(...confirm);
  const { key } = await client.mutate(...confirm);
  await world.settle(client);
  // It does nothing by the clock.
  const tab = await world.client({ platform: { ...platform, channel: undefined, leads: false } });
  expect(await tab.readMutations()).toHaveLength(2);
  const wakes = {
    mutate: () => tab.mutate('note', { text: 'after' }),
    sync: () => tab.sync(),
    retry: () => tab.rejections.retry(key),
    look: async () => {
      world.tell('visible');
      await idle();
      await tab.sync();
    },
  };
  return { client, tab, wakes, marks, platform };
}
/** With an entry in each place that the old log had one in; no time passes, so who sleeps does not wake by the clock. */
async function signedInAgain(platform: Partial<Platform>) {
  const again = await world.client({ platform });
  await again.mutate('note', { text: 'new' });
  await again.mutate(...confirm);
  await again.sync();
  expect(await again.rejections.read()).toHaveLength(1);
  return again;
}

const wakings = ['mutate', 'look', 'sync', 'retry'] as const;

test.for(wakings)('a tab that slept until the store was deleted writes nothing back with its %s', async (next) => {
  const { client, tab, wakes, marks } = await sleeping();
  await client.signOut({ dropUnsent: true });
  expect(await onDisk()).toEqual(nothing);
  expect([...marks].join()).not.toContain('pennco');
  await expect(wakes[next]()).rejects.toMatchObject({ code: 'closed' });
  await idle();
  expect(tab.status.get().signedOut).toBe(true);
  expect(await onDisk()).toEqual(nothing);
});

test.for(wakings)('nor with its %s when the same person has signed in again', async (next) => {
  const { client, tab, wakes, platform, marks } = await sleeping();
  await client.signOut({ dropUnsent: true });
  // Also where nothing can be noted outside of the store.
  marks.clear();
  const again = await signedInAgain(platform);
  expect(tab.status.get().signedOut).toBe(false);
  const records = await again.readMutations();
  const before = structuredClone([...marks]);
  await expect(wakes[next]()).rejects.toMatchObject({ code: 'closed' });
  await idle();
  expect(tab.status.get().signedOut).toBe(true);
  expect([...marks]).toEqual(before);
  await again.close();
  const restarted = await world.client({ platform });
  expect(await restarted.readMutations()).toEqual(records);
  expect(restarted.status.get().storeLost).toBeNull();
});

test('nor does it dismiss what is in the place of its own', async () => {
  const { client, tab, platform } = await sleeping();
  const [, refused] = await tab.readMutations();
  await client.signOut({ dropUnsent: true });
  const again = await signedInAgain(platform);
  const [, { key } = { key: '' }] = await again.readMutations();
  await tab.rejections.dismiss(refused?.key ?? '');
  await again.close();
  const restarted = await world.client({ platform });
  expect(await restarted.rejections.read()).toMatchObject([{ key }]);
});

test('an answer that comes while the person signs out writes nothing back', async () => {
  const client = await world.synced();
  const answering = deferred<void>();
  world.server.faults.push(async (_request, handle) => {
    await answering.promise;
    return handle();
  });
  const syncing = client.sync();
  syncing.catch(() => {});
  await idle();
  const leaving = client.signOut();
  answering.resolve();
  await leaving;
  await expect(syncing).rejects.toMatchObject({ code: 'closed' });
  expect(await onDisk()).toEqual(nothing);
});

test('a store that cannot be deleted now does not hold the sign-out up for ever, and is taken up as a fresh one', async () => {
  const { store, wake } = sleepy();
  const client = await world.synced({ store });
  let left = false;
  const leaving = client.signOut().then(() => (left = true));
  await idle();
  expect(left).toBe(false);
  await world.clock.pass(5_000);
  await leaving;
  expect(await onDisk()).toEqual({ ...nothing, meta: 1 });
  const again = await world.synced();
  await again.mutate(...confirm);
  await world.settle(again);
  // What is cleared under it now, the browser has cleared.
  const disk = await world.disk('pennco/a1');
  await disk.transaction(['log', 'rows', 'meta'], 'durable', async (tx) => {
    for (const table of ['log', 'rows', 'meta'] as const) await tx.clear(table);
  });
  world.tell('visible');
  await idle();
  expect(again.status.get().signedOut).toBe(false);
  expect(await onDisk()).toMatchObject({ log: 1 });
  await again.close();
  wake();
});

test('several people on one phone: each has a store of their own, and one who leaves takes nothing of the others along', async () => {
  const [asha, binod] = [
    { tenant: 'pennco', id: 'a1' },
    { tenant: 'pennco', id: 'a2' },
  ];
  const first = await world.synced({ actor: asha, platform: origin });
  const second = await world.client({ actor: binod, platform: origin });
  world.isOnline = false;
  const kept = await second.mutate('note', { text: 'of binod' });
  expect(await first.readMutations()).toEqual([]);
  expect(second.clientId).not.toBe(first.clientId);
  await first.signOut();
  await idle();
  expect(second.status.get()).toMatchObject({ signedOut: false, pending: 1 });
  expect(await onDisk('a1')).toEqual(nothing);
  expect(await onDisk('a2')).toMatchObject({ log: 1 });
  await second.close();

  world.isOnline = true;
  const back = await world.client({ actor: binod });
  await world.settle(back);
  expect(world.server.applied.get(kept.key)).toBe(1);
});

test('actors whose names could be taken for one another’s have stores of their own', async () => {
  const slash = await world.client({ actor: { tenant: 'a/b', id: 'c' } });
  const other = await world.client({ actor: { tenant: 'a', id: 'b/c' } });
  const encoded = await world.client({ actor: { tenant: 'a%2Fb', id: 'c' } });
  world.isOnline = false;
  await slash.mutate('note', { text: 'mine' });
  expect(await other.readMutations()).toEqual([]);
  expect(await encoded.readMutations()).toEqual([]);
});

test('who signs in again while the sign-out still closes keeps what is theirs', async () => {
  let held: Promise<void> | undefined;
  const slow = async (name: string) => {
    const store = await world.disk(name);
    return wrapStore(store, async (tables, mode, body) => {
      const waiting = mode === 'durable' && tables.includes('rows') ? held : undefined;
      if (waiting) held = undefined;
      await waiting;
      return store.transaction(tables, mode, body);
    });
  };
  const leaving = await world.synced({ platform: origin, store: slow });
  const written = deferred<void>();
  held = written.promise;
  const syncing = leaving.sync();
  syncing.catch(() => {});
  await idle();
  const left = leaving.signOut();
  await idle();
  world.isOnline = false;
  const back = await world.client({ platform: origin });
  await back.mutate(...confirm);
  written.resolve();
  await left;
  expect(await onDisk()).toMatchObject({ log: 1 });
});
