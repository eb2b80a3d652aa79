import * as sqlite from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { AbortController as AbortControllerOf2019 } from 'abort-controller';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Client } from '../client.ts';
import type { Actor } from '../client-options.ts';
import { FakeServer } from '../testing/fake-server.ts';
import type { TestModel } from '../testing/model.ts';
import { bundle } from '../testing/serve-page.ts';
import { sqliteDirectory } from '../testing/sqlite-directory.ts';
import { seed } from '../testing/world.ts';

type App = typeof import('../testing/react-native-app.ts');

const { path } = sqliteDirectory();
let script: string;
beforeAll(async () => {
  const entry = fileURLToPath(new URL('../testing/react-native-app.ts', import.meta.url));
  script = await bundle(entry, { production: true });
});

let server: FakeServer;
let clients: Client<TestModel>[];
beforeEach(() => {
  server = new FakeServer(['agent:a1']);
  seed(server);
  clients = [];
});
afterEach(async () => {
  for (const client of clients) await client.close();
});

/** Runs the SDK where there is what React Native has, and nothing else: no crypto, no streams, no events of a browser. */
function phone(globals: object = {}): App {
  let timers = 0;
  const running = new Map<number, NodeJS.Timeout>();
  const context = createContext({
    navigator: { product: 'ReactNative' },
    process: { env: { NODE_ENV: 'production' } },
    setTimeout: (callback: () => void, ms: number) => {
      running.set((timers += 1), setTimeout(callback, ms));
      return timers;
    },
    clearTimeout: (timer: number) => clearTimeout(running.get(timer)),
    AbortController,
    performance,
    TextEncoder,
    queueMicrotask,
    fetch: server.fetch,
    Response: class {},
    ...globals,
  });
  return runInContext(`${script};page`, context) as App;
}

const crypto = { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => globalThis.crypto.getRandomValues(bytes) };

/** An answer of React Native's own fetch: it comes when it has ended, as a text. */
async function withoutBody(response: Response) {
  const { status, ok, headers } = response;
  const text = await response.text();
  return { status, ok, headers, text: async () => text };
}

let names = 0;
async function start(
  app: App,
  platform: Parameters<App['createClient']>[0]['platform'],
  { actor = { tenant: 'pennco', id: `a${(names += 1)}` }, prefix }: { actor?: Actor; prefix?: string } = {},
): Promise<Client<TestModel>> {
  const client = await app.createClient({
    model: app.model,
    url: 'https://sync.example.org',
    actor,
    token: () => server.validToken,
    store: app.sqliteStore({ open: app.nodeSqlite(sqlite, path), prefix }),
    platform,
  });
  clients.push(client);
  return client;
}

/** NetInfo and AppState, and what they tell. */
function parts() {
  const line = new Set<(state: { isConnected: boolean | null; type: string }) => void>();
  const app = new Set<(state: string) => void>();
  return {
    NetInfo: {
      addEventListener: (listener: typeof line extends Set<infer L> ? L : never) => {
        line.add(listener);
        queueMicrotask(() => listener({ isConnected: true, type: 'wifi' }));
        return () => line.delete(listener);
      },
    },
    AppState: {
      currentState: 'active',
      addEventListener: (_type: 'change', listener: (state: string) => void) => {
        app.add(listener);
        return { remove: () => app.delete(listener) };
      },
    },
    network: (type: string, isConnected: boolean | null = type !== 'none') =>
      line.forEach((listener) => listener({ isConnected, type })),
    appIs: (state: string) => app.forEach((listener) => listener(state)),
    listeners: () => line.size + app.size,
  };
}

test('a client syncs with nothing but what React Native has', async () => {
  const asked: string[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    asked.push(url);
    return withoutBody(await server.fetch(url, init));
  };
  const client = await start(phone({ crypto, fetch }), {});
  await client.sync();
  const { confirmed } = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  expect(await confirmed).toMatchObject({ state: 'applied', result: { receiptNo: 'R-d1' } });
  expect(client.status.get()).toMatchObject({ online: true, lastError: null });
  // Its fetch would give the stream of pokes when that has ended.
  expect(new Set(asked)).toEqual(new Set(['https://sync.example.org/v1/sync']));
});

test('an AbortSignal of 2019 is enough, also without reactNativePlatform: sync() settles, whatever happens', async () => {
  const { signal } = new AbortControllerOf2019();
  for (const missing of ['throwIfAborted', 'reason']) expect(missing in signal).toBe(false);
  let answers = (response: Response): Promise<unknown> => withoutBody(response);
  const fetch = async (url: string, init: RequestInit) => answers(await server.fetch(url, init));
  const app = phone({ crypto, fetch, AbortController: AbortControllerOf2019, AbortSignal: undefined });
  const client = await start(app, {});
  await client.sync();
  answers = () => Promise.reject(new TypeError('Network request failed'));
  await expect(client.sync()).rejects.toMatchObject({ code: 'unreachable' });
  answers = () => new Promise(() => {});
  const hanging = client.sync();
  hanging.catch(() => {});
  await expect.poll(() => client.status.get().syncing).toBe(true);
  await client.close();
  await expect(hanging).rejects.toMatchObject({ code: 'closed' });
});

test('without randomness nothing is opened, and it is said where to get some', async () => {
  const starting = start(phone(), {});
  await expect(starting).rejects.toMatchObject({
    name: 'TypeError',
    message: expect.stringMatching(/getRandomValues.*expo-crypto.*react-native-get-random-values/),
  });
});

test('on a phone of 2024, NetInfo and AppState wake the client, and expo/fetch lets it hear pokes', async () => {
  const { network, appIs, listeners, ...handed } = parts();
  const app = phone({ AbortController: AbortControllerOf2019, TextDecoder });
  const platform = app.reactNativePlatform({
    ...handed,
    fetch: server.fetch,
    getRandomBytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  });
  const client = await start(app, platform);
  await client.sync();
  await expect.poll(() => server.streams.size).toBe(1);

  network('none');
  expect(client.status.get().online).toBe(false);
  const { confirmed } = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await expect(client.sync()).rejects.toMatchObject({ code: 'offline' });
  const before = server.requests.length;
  network('cellular');
  expect(await confirmed).toMatchObject({ state: 'applied' });
  expect(server.requests.length).toBeGreaterThan(before);

  // Sooner than it would ask by itself.
  const seen = (id: string) =>
    expect.poll(() => client.read('deliveries', { where: { id } }), { timeout: 10_000 }).toHaveLength(1);
  server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 1 });
  appIs('background');
  appIs('active');
  await seen('d3');
  server.write('deliveries', 'd4', { id: 'd4', status: 'pending', amountPaise: 1 });
  server.poke({ 'agent:a1': 1000 });
  await seen('d4');

  await client.close();
  expect(listeners()).toBe(0);
  expect(server.streams.size).toBe(0);
});

test('what was on the phone and is there no longer is told, where there is a storage beside the store', async () => {
  const kept = new Map<string, string>();
  // As AsyncStorage and expo-sqlite/kv-store have it.
  const storage = {
    getItem: async (name: string) => kept.get(name) ?? null,
    setItem: async (name: string, value: string) => void kept.set(name, value),
    removeItem: async (name: string) => void kept.delete(name),
  };
  const actor = { tenant: 'pennco', id: 'lost' };
  const app = phone({ crypto });
  const offline = { isConnected: false, type: 'none' };
  const open = (store: string) => {
    const { AppState } = parts();
    const NetInfo = { addEventListener: (listener: (state: typeof offline) => void) => (listener(offline), () => {}) };
    return start(app, app.reactNativePlatform({ NetInfo, AppState, storage }), { actor, prefix: store });
  };
  const client = await open('first-');
  await client.mutate('note', { text: 'x' });
  await client.close();
  const again = await open('first-');
  expect(again.status.get().storeLost).toBeNull();
  await again.close();
  const fresh = await open('second-');
  expect(fresh.status.get().storeLost).toMatchObject({ clientId: client.clientId, unsent: 1 });
  await fresh.acknowledgeLoss();
  await fresh.signOut();
  expect([...kept.keys()]).toEqual(['ekbaar left']);
});

test('NetInfo’s news are told once, and another kind of line is a new line', () => {
  const { network, appIs, listeners, ...handed } = parts();
  const { online, onEvent } = phone().reactNativePlatform(handed);
  const told: string[] = [];
  const stop = onEvent?.((event) => told.push(event));
  network('wifi');
  network('wifi');
  network('cellular');
  network('none');
  network('none');
  expect(online?.()).toBe(false);
  network('unknown', null);
  expect(online?.()).toBe(true);
  appIs('inactive');
  appIs('active');
  expect(told).toEqual(['online', 'offline', 'online', 'visible']);
  network('none');
  stop?.();
  expect(online?.()).toBe(true);
  expect(listeners()).toBe(0);
});

test('two clients of one platform: one that closes leaves the other what it knows', () => {
  const { network, listeners, ...handed } = parts();
  const { online, onEvent } = phone().reactNativePlatform(handed);
  const [first, second] = [onEvent?.(() => {}), onEvent?.(() => {})];
  network('none');
  first?.();
  first?.();
  expect(online?.()).toBe(false);
  second?.();
  expect(online?.()).toBe(true);
  expect(listeners()).toBe(0);
});
