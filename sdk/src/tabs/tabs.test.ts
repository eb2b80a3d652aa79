import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Platform } from '../platform.ts';
import type { ProblemCode } from '../protocol/index.ts';
import type { Status } from '../status.ts';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import { problem } from '../testing/fake-server.ts';
import { World } from '../testing/world.ts';
import { wrapStore } from '../testing/wrap-store.ts';

let world: World;
let origin: Pick<Platform, 'lock' | 'channel'>;
beforeEach(() => {
  world = new World();
  origin = fakeOrigin();
});
afterEach(() => world.close());

const confirm = (deliveryId: string) => ['confirm', { deliveryId, amountPaise: 100 }] as const;

test('two tabs share one client id, one numbering and one loop', async () => {
  const first = await world.synced({ platform: origin });
  const second = await world.client({ platform: origin });
  await idle();
  expect(second.clientId).toBe(first.clientId);
  expect(world.server.requests).toHaveLength(1);

  const saved = await Promise.all([
    first.mutate('note', { text: 'a' }),
    second.mutate('note', { text: 'b' }),
    first.mutate('note', { text: 'c' }),
    second.mutate(...confirm('d1')),
  ]);
  expect(saved.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  await world.settle(first);
  await idle();
  expect(second.status.get()).toMatchObject({ pending: 0, syncing: false, lastError: null });
  expect(await second.readMutations()).toEqual(await first.readMutations());
  expect(await saved[3].confirmed).toMatchObject({ state: 'applied' });
  for (const { key } of saved.slice(0, 3)) expect(world.server.applied.get(key)).toBe(1);
});

test('what one tab does or fetches, the other shows', async () => {
  const first = await world.synced({ platform: origin });
  const second = await world.client({ platform: origin });
  const seen: string[] = [];
  second.watch('deliveries', { where: { status: 'confirmed' } }, (rows) => seen.push(rows.map(({ id }) => id).join()));
  await idle();
  const offline = world.server.faults;
  offline.push(() => Promise.reject(new TypeError('fetch failed')));
  await first.mutate(...confirm('d1'));
  await idle();
  expect(seen).toEqual(['', 'd1']);
  expect(second.status.get()).toMatchObject({ pending: 1, lastError: { code: 'unreachable' } });
  await world.settle(first);
  world.server.write('deliveries', 'd2', { id: 'd2', status: 'confirmed', amountPaise: 1 });
  await first.sync();
  await idle();
  expect(seen).toEqual(['', 'd1', 'd1,d2']);
});

test('when the tab that syncs is closed, another goes on', async () => {
  const first = await world.synced({ platform: origin });
  const second = await world.client({ platform: origin });
  await idle();
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  const { key } = await second.mutate('note', { text: 'left behind' });
  await idle();
  await first.close();
  await world.settle(second);
  expect(world.server.applied.get(key)).toBe(1);
});

test.for<[string, Partial<Status>]>([
  ['token_expired', { needsToken: true }],
  ['model_too_old', { updateRequired: true }],
])('a tab that is opened after %s shows it at once', async ([code, shown]) => {
  const refuse = async () => problem(code as ProblemCode);
  world.server.faults.push(refuse, refuse, refuse);
  const first = await world.client({ platform: origin });
  await idle();
  expect(first.status.get()).toMatchObject(shown);
  const second = await world.client({ platform: origin });
  await idle();
  expect(second.status.get()).toMatchObject({ ...shown, lastError: { code: first.status.get().lastError?.code } });
});

test('what a new tab asks, older versions take for a commit that they have, and read nothing', async () => {
  const posted: unknown[] = [];
  const channel = () => ({ post: (message: unknown) => posted.push(message), close: () => {} });
  await world.client({ platform: { ...origin, channel } });
  // No revision is lower, and what is not newer than their own is passed over.
  expect(posted[0]).toEqual({ kind: 'opened', after: -1 });
});

test('a tab that does not lead syncs when it is asked to', async () => {
  await world.synced({ platform: origin });
  const second = await world.client({ platform: origin });
  world.server.write('notes', 'n1', { id: 'n1', text: 'new' });
  await second.sync();
  expect(await second.read('notes')).toHaveLength(1);
});

test('a follower does not let its mutations wait for a leader that sleeps', async () => {
  // The leader holds the lock, but hears nothing.
  await world.synced({
    platform: { ...origin, channel: () => ({ post: () => {}, close: () => {} }), fetch: world.server.fetch },
  });
  const second = await world.client({ platform: origin });
  const stopped = world.server.requests.length;
  const { key } = await second.mutate('note', { text: 'waiting' });
  await idle();
  expect(world.server.requests).toHaveLength(stopped);
  await world.clock.pass(70_000);
  expect(world.server.applied.get(key)).toBe(1);
});

test('a tab that slept through messages reads them up when it is looked at', async () => {
  let deaf = true;
  const { channel } = origin;
  const first = await world.synced({ platform: origin });
  const second = await world.client({
    platform: {
      ...origin,
      channel: channel && ((name, listener) => channel(name, (message) => void (deaf || listener(message)))),
    },
  });
  const seen: string[] = [];
  second.watch('notes', {}, (rows) => seen.push(rows.map(({ text }) => text).join()));
  await idle();
  await first.mutate('note', { text: 'mine' });
  await world.settle(first);
  world.server.write('notes', 'n1', { id: 'n1', text: 'theirs' });
  await first.sync();
  await idle();
  expect(seen).toEqual(['']);
  deaf = false;
  world.tell('visible');
  await idle();
  expect(seen.at(-1)).toBe('theirs');
  expect(await second.readMutations()).toMatchObject([{ state: 'applied' }]);
});

test('a tab that slept until an outcome was forgotten says so, and waits for it no longer', async () => {
  const keepOutcomesMs = 1000;
  let asleep = false;
  const first = await world.synced({ platform: origin, keepOutcomesMs });
  const second = await world.synced({
    platform: {
      setTimeout: (callback, ms) => world.clock.setTimeout(() => asleep || callback(), ms),
      lock: origin.lock,
      channel: (name, listener) => {
        const heard = (message: unknown) => void (asleep || listener(message));
        return origin.channel?.(name, heard) ?? { post: () => {}, close: () => {} };
      },
    },
    keepOutcomesMs,
  });
  const { key, confirmed } = await second.mutate('note', { text: 'x' });
  asleep = true;
  const outcome = second.outcome(key);
  for (let times = 0; times < 2; times += 1) {
    await first.sync();
    await world.clock.pass(2000);
  }
  asleep = false;
  world.tell('visible');
  await expect(confirmed).rejects.toMatchObject({ code: 'unknown_key' });
  await expect(outcome).rejects.toMatchObject({ code: 'unknown_key' });
});

test.for<[string, readonly ('lock' | 'channel')[]]>([
  ['locks', ['channel']],
  ['a channel', ['lock']],
  ['either', []],
])('without %s everything happens once, and both tabs come to see it', async ([, has]) => {
  const platform = {
    lock: undefined,
    channel: undefined,
    ...Object.fromEntries(has.map((part) => [part, origin[part]])),
  };
  const first = await world.client({ platform });
  const second = await world.client({ platform });
  const tabs = [first, second];
  const shown = tabs.map((tab) => {
    const seen: string[] = [];
    tab.watch('deliveries', {}, (rows) => seen.push(rows.map(({ id, status }) => `${id} ${status}`).join()));
    return () => seen.at(-1);
  });
  await first.sync();
  const saved = await Promise.all([
    first.mutate(...confirm('d1')),
    second.mutate(...confirm('d2')),
    ...Array.from({ length: 20 }, (_, at) => tabs[at % 2]?.mutate('note', { text: `${at}` })),
  ]);
  expect(new Set(saved.map((mutation) => mutation?.id)).size).toBe(22);
  world.server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 1 });
  await world.clock.pass(180_000);
  for (const mutation of saved) expect(world.server.applied.get(mutation?.key ?? '')).toBe(1);
  for (const [at, tab] of tabs.entries()) {
    expect(shown[at]?.()).toBe('d1 confirmed,d2 confirmed,d3 pending');
    expect(tab.status.get()).toMatchObject({ pending: 0, lastError: null });
    expect(await tab.readMutations()).toHaveLength(22);
  }
  expect(await first.readMutations()).toEqual(await second.readMutations());
});

test('without locks every tab leads, and shows its own line: nobody repeats what the others have told', async () => {
  let posts = 0;
  const channel: Platform['channel'] = (name, listener) => {
    const line = origin.channel?.(name, listener);
    return {
      post: (message) => {
        posts += 1;
        // Enough to fail: it would go on for ever.
        if (posts < 1000) line?.post(message);
      },
      close: () => line?.close(),
    };
  };
  const tabs = await Promise.all([1, 2, 3].map(() => world.client({ platform: { lock: undefined, channel } })));
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  for (let at = 0; at < 10; at += 1) {
    for (const tab of tabs) void tab.sync().catch(() => {});
    await idle();
  }
  expect(posts).toBeLessThan(300);
});

test.for(['a look at it', 'time', 'a commit of its own'] as const)(
  'without a channel, %s shows what the other tab did',
  async (by) => {
    const platform = { ...origin, channel: undefined };
    const first = await world.synced({ platform });
    const second = await world.client({ platform });
    const seen: string[] = [];
    second.watch('deliveries', {}, (rows) => seen.push(rows.map(({ status }) => status).join()));
    await idle();
    await first.mutate(...confirm('d1'));
    await idle();
    expect(seen).toEqual(['pending,pending']);
    const requests = world.server.requests.length;
    if (by === 'a look at it') world.tell('visible');
    else if (by === 'time') await world.clock.pass(70_000);
    else await second.mutate('note', { text: 'mine' });
    await idle();
    expect(seen.at(-1)).toBe('confirmed,pending');
    // Another tab leads, and syncs twice at most meanwhile: this one asks nobody for that.
    expect(world.server.requests.length).toBeLessThanOrEqual(requests + 2);
  },
);

test('a lost message is made good by the next one', async () => {
  let deaf = false;
  const { channel } = origin;
  const first = await world.synced({ platform: origin });
  const second = await world.client({
    platform: {
      ...origin,
      channel: channel && ((name, listener) => channel(name, (message) => void (deaf || listener(message)))),
    },
  });
  const seen: string[] = [];
  second.watch('deliveries', {}, (rows) => seen.push(rows.map(({ status }) => status).join()));
  await idle();
  deaf = true;
  await first.mutate(...confirm('d1'));
  world.server.write('deliveries', 'd2', { id: 'd2', status: 'cancelled', amountPaise: 1 });
  await world.settle(first);
  deaf = false;
  world.server.write('notes', 'n1', { id: 'n1', text: 'other' });
  await first.sync();
  await idle();
  expect(seen.at(-1)).toBe('confirmed,cancelled');
  expect(await second.readMutations()).toMatchObject([{ state: 'applied' }]);
});

test('a tab that commits something itself reads what it has missed', async () => {
  const first = await world.synced({ platform: origin });
  const second = await world.client({ platform: { ...origin, channel: undefined } });
  const seen: string[] = [];
  second.watch('deliveries', {}, (rows) => seen.push(rows.map(({ status }) => status).join()));
  await idle();
  await first.mutate(...confirm('d1'));
  await world.settle(first);
  await second.mutate('note', { text: 'mine' });
  await idle();
  expect(seen.at(-1)).toBe('confirmed,pending');
});

test('what is committed while a tab opens is heard by it', async () => {
  const first = await world.synced({ platform: origin });
  let commit: (() => Promise<unknown>) | undefined = () => first.mutate(...confirm('d1'));
  // One message and no other: a second one would make good that the first was not heard.
  world.isOnline = false;
  const second = await world.client({
    platform: origin,
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, async (tables, mode, body) => {
        const result = await store.transaction(tables, mode, body);
        // Right after the log was read, and before the client is made of it.
        const now = mode === 'read' ? commit : undefined;
        if (now) commit = undefined;
        await now?.();
        return result;
      });
    },
  });
  await idle();
  expect(await second.readMutations()).toHaveLength(1);
});

test('a read that failed leaves everything as it was, and the next one makes it good', async () => {
  let broken = false;
  const first = await world.synced({ platform: origin });
  const second = await world.client({
    platform: origin,
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, (tables, mode, body) =>
        broken && mode === 'read' ? Promise.reject(new Error('disk')) : store.transaction(tables, mode, body),
      );
    },
  });
  const seen: string[] = [];
  second.watch('deliveries', {}, (rows) => seen.push(rows.map(({ status }) => status).join()));
  await idle();
  broken = true;
  await first.mutate(...confirm('d1'));
  await world.settle(first);
  world.tell('visible');
  await idle();
  expect(await second.read('deliveries')).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
  broken = false;
  world.server.write('deliveries', 'd2', { id: 'd2', status: 'cancelled', amountPaise: 1 });
  await first.sync();
  await idle();
  expect(seen.at(-1)).toBe('confirmed,cancelled');
});

test('what a tab commits while it reads again is shown, and so is what it reads', async () => {
  const first = await world.synced({ platform: origin });
  const second = await world.client({ platform: { ...origin, channel: undefined } });
  const seen: string[] = [];
  second.watch('deliveries', {}, (rows) => seen.push(rows.map(({ status }) => status).join()));
  await idle();
  await first.mutate(...confirm('d1'));
  await world.settle(first);
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  world.tell('visible');
  await second.mutate(...confirm('d2'));
  await idle();
  expect(seen.at(-1)).toBe('confirmed,confirmed');
});

test('without locks, tabs don’t send each other what they have heard', async () => {
  let posts = 0;
  const { channel } = origin;
  const platform = {
    channel:
      channel &&
      ((name: string, listener: (message: unknown) => void) => {
        const { post, close } = channel(name, (message) => setTimeout(() => listener(message), 0));
        const counted = (message: unknown) => {
          posts += 1;
          post(message);
        };
        return { post: counted, close };
      }),
  };
  const first = await world.client({ platform });
  const second = await world.client({ platform });
  await Promise.all([first.sync(), second.sync()]);
  await idle();
  await idle();
  const before = posts;
  await idle();
  expect(posts).toBe(before);
});

test('a channel that cannot be written to costs nothing', async () => {
  const channel = () => ({
    post: () => {
      throw new DOMException('closed', 'InvalidStateError');
    },
    close: () => {},
  });
  const client = await world.synced({ platform: { ...origin, channel } });
  const { confirmed } = await client.mutate(...confirm('d1'));
  expect(await confirmed).toMatchObject({ state: 'applied' });
});

test('where locks are refused, it syncs all the same', async () => {
  const lock = () => Promise.reject(new DOMException('not here', 'SecurityError'));
  const client = await world.client({ platform: { ...fakeOrigin(), lock } });
  const { key } = await client.mutate('note', { text: 'mine' });
  await world.settle(client);
  expect(world.server.applied.get(key)).toBe(1);
});
