import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deferred } from '../deferred.ts';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import { World } from '../testing/world.ts';
import { onBackgroundSync } from './on-background-sync.ts';
import { syncTag } from './tag.ts';

let world: World;
let worker: EventTarget;
let origin: ReturnType<typeof fakeOrigin>;
beforeEach(() => {
  world = new World();
  worker = new EventTarget();
  origin = fakeOrigin();
  vi.stubGlobal('addEventListener', worker.addEventListener.bind(worker));
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await world.close();
});

/** Wakes the worker; gives what the browser waits for, if anything. */
function wake(type: 'sync' | 'periodicsync', tag = syncTag): Promise<void> | undefined {
  let work: Promise<void> | undefined;
  worker.dispatchEvent(
    Object.assign(new Event(type), { tag, waitUntil: (given: Promise<void>) => void (work = given) }),
  );
  return work;
}

/** The client as a worker opens it. */
const inWorker = () => world.client({ platform: { ...origin, leads: false } });

/** What a page has left behind. */
async function leave(): Promise<string> {
  const page = await world.synced({ platform: origin });
  world.isOnline = false;
  const { key } = await page.mutate('note', { text: 'left behind' });
  await page.close();
  world.isOnline = true;
  return key;
}

test('what is pending is sent, and the client closed', async () => {
  const key = await leave();
  onBackgroundSync({ createClient: inWorker });
  await wake('sync');
  expect(world.server.applied.get(key)).toBe(1);
  expect(world.clock.waiting).toBe(0);
  const before = world.server.requests.length;
  await wake('sync');
  expect(world.server.requests).toHaveLength(before);
  await wake('periodicsync');
  expect(world.server.requests).toHaveLength(before + 1);
});

test('two wakes at once are one', async () => {
  await leave();
  const createClient = vi.fn<() => ReturnType<World['client']>>(inWorker);
  onBackgroundSync({ createClient });
  const before = world.server.requests.length;
  await Promise.all([wake('sync'), wake('periodicsync')]);
  expect(createClient).toHaveBeenCalledTimes(1);
  expect(world.server.requests).toHaveLength(before + 1);
});

test('what is saved while the client closes is sent by the wake that it asked for', async () => {
  await leave();
  const closing = deferred<void>();
  let opened = 0;
  onBackgroundSync({
    createClient: async () => {
      const client = await inWorker();
      const isFirst = (opened += 1) === 1;
      const close = async () => {
        await client.close();
        if (isFirst) await closing.promise;
      };
      return { status: client.status, sync: () => client.sync(), close };
    },
  });
  const first = wake('sync');
  await idle();
  const key = await leave();
  const more = [wake('sync'), wake('sync')];
  closing.resolve();
  await Promise.all([first, ...more]);
  expect(world.server.applied.get(key)).toBe(1);
  expect(opened).toBe(2);
});

test('when it fails the browser hears of it, nothing stays open, and the next wake tries again', async () => {
  const key = await leave();
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  onBackgroundSync({ createClient: inWorker });
  await expect(wake('sync')).rejects.toMatchObject({ code: 'unreachable' });
  expect(world.clock.waiting).toBe(0);
  await wake('sync');
  expect(world.server.applied.get(key)).toBe(1);
});

test('the app’s own tags, and a phone on which nobody is signed in, are no business of it', async () => {
  const createClient = vi.fn<() => Promise<undefined>>(async () => undefined);
  onBackgroundSync({ createClient });
  expect(wake('sync', 'the app’s own')).toBeUndefined();
  expect(createClient).not.toHaveBeenCalled();
  await wake('sync');
  expect(createClient).toHaveBeenCalledTimes(1);
});
