import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClientOptions } from './client-options.ts';
import { destroyStore } from './destroy-store.ts';
import type { StoreFactory } from './store/store.ts';
import { idbStore } from './store/idb/index.ts';
import type { TestModel } from './testing/model.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const actor = (tenant: unknown, id: unknown) => ({ tenant, id }) as never;

test.for<[RegExp, Partial<ClientOptions<TestModel>>]>([
  [/^createClient: model must be what defineModel has made$/, { model: undefined as never }],
  [/model must be/, { model: {} as never }],
  [/url must be the server's base URL/, { url: undefined as never }],
  [/url must be/, { url: new URL('http://server') as never }],
  // Of an environment variable that is not set, or has no scheme.
  [/url must be/, { url: 'undefined' }],
  [/url must be/, { url: 'sync.example.org' }],
  [/url must be/, { url: 'localhost:8788' }],
  [/url must be/, { url: 'ws://server' }],
  [/url must be/, { url: 'http://server ' }],
  [/url must be/, { url: 'http://server?tenant=pennco' }],
  [/token must be a function/, { token: 'a token' as never }],
  [/store must be a function/, { store: {} as never }],
  [/keepOutcomesMs must be/, { keepOutcomesMs: -1 }],
  [/keepOutcomesMs must be/, { keepOutcomesMs: NaN }],
  [/store gave no store: is it idbStore without \(\)\?/, { store: idbStore as never }],
  [/^actor.tenant must be .*, not undefined$/, { actor: undefined as never }],
  [/actor.tenant must be/, { actor: actor('', 'a1') }],
  [/actor.id must be .*, not undefined/, { actor: actor('pennco', undefined) }],
  [/actor.id must be .*, not 17/, { actor: actor('pennco', 17) }],
  [/actor.id must be/, { actor: actor('pennco', 'a\ud800') }],
])('%s', async ([message, options]) => {
  const opened = vi.fn<StoreFactory>(world.disk);
  const opening = world.client({ store: opened, ...options });
  await expect(opening).rejects.toThrow(TypeError);
  await expect(opening).rejects.toThrow(message);
  expect(opened).not.toHaveBeenCalled();
});

test('no other person’s store is destroyed in the place of one who is not loaded yet', async () => {
  const destroy = vi.fn<(name: string) => Promise<void>>(async () => {});
  const store = Object.assign(world.disk, { destroy });
  await expect(destroyStore({ actor: actor('pennco', undefined), store })).rejects.toThrow(/actor.id/);
  expect(destroy).not.toHaveBeenCalled();
});

test('names of all characters are names', async () => {
  const client = await world.client({ actor: { tenant: 'पेन् & co', id: '😀/\n' } });
  expect(client.actor.id).toBe('😀/\n');
});

test.for(['', '/', '/api', '//server/api', 'http://server', 'HTTPS://server:8443/sync/'])(
  'the url may be "%s"',
  async (url) => {
    await expect(world.client({ url })).resolves.toBeDefined();
  },
);

test('a slash at the end of the url is none too many', async () => {
  const urls: string[] = [];
  const fetch: typeof world.server.fetch = (url, init) => {
    urls.push(url);
    return world.server.fetch(url, init);
  };
  await world.synced({ url: 'http://server/base/', platform: { fetch } });
  expect(urls).toEqual(['http://server/base/v1/sync']);
});
