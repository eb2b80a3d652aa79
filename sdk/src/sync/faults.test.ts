import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultPlatform } from '../platform.ts';
import { idle } from '../testing/fake-clock.ts';
import { type Fault, json, problem } from '../testing/fake-server.ts';
import { model } from '../testing/model.ts';
import { World } from '../testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const confirmD1 = ['confirm', { deliveryId: 'd1', amountPaise: 100 }] as const;
const answer =
  (response: () => Response): Fault =>
  async () =>
    response();
const lost: Fault = async (_request, handle) => {
  await handle();
  throw new TypeError('fetch failed');
};
const portal = answer(
  () => new Response('<html>Log in to the Wi-Fi</html>', { headers: { 'content-type': 'text/html' } }),
);

/** What the server said to this world's first request. */
async function earlierAnswer(): Promise<object> {
  const [{ request, ...first } = { request: '' }] = world.server.requests;
  const init = { method: 'POST', headers: { authorization: `Bearer ${world.server.validToken}` } };
  const response = await world.server.fetch('/v1/sync', { ...init, body: JSON.stringify({ ...first, request }) });
  return (await response.json()) as object;
}

test('a lost answer costs a second request, not a second effect', async () => {
  const client = await world.synced();
  world.server.faults.push(lost, lost);
  const { key, confirmed } = await client.mutate(...confirmD1);
  await world.settle(client);
  expect(await confirmed).toMatchObject({ state: 'applied', result: { receiptNo: 'R-d1' } });
  expect(world.server.applied.get(key)).toBe(1);
});

test.for<[string, Fault]>([
  ['a captive portal', portal],
  ['a portal’s refusal', answer(() => new Response('<html>no</html>', { status: 403 }))],
  ['a portal that says so itself', answer(() => new Response('<html>Log in</html>', { status: 511 }))],
  ['a proxy that gave up', answer(() => new Response('<html>504</html>', { status: 504 }))],
  ['JSON of something else', answer(() => json({ ok: true }))],
  ['an empty body', answer(() => new Response(''))],
  [
    'an answer that a proxy cut short, and passed on as whole',
    async (_request, handle) => new Response((await (await handle()).text()).slice(0, -20)),
  ],
  ['an answer from before, replayed by a cache', async () => json(await earlierAnswer())],
  [
    'the answer to another request',
    async (_request, handle) => {
      const body = (await (await handle()).json()) as object;
      return json({ ...body, request: '01900000-0000-7000-8000-000000000000' });
    },
  ],
  [
    'a receipt under another key',
    async (_request, handle) => {
      const body = (await (await handle()).json()) as { receipts: object[] };
      const receipts = body.receipts.map((receipt) => ({ ...receipt, key: '01900000-0000-7000-8000-000000000000' }));
      return json({ ...body, receipts });
    },
  ],
])('%s is not an answer', async ([, fault]) => {
  const client = await world.synced();
  world.server.faults.push(fault);
  const { confirmed } = await client.mutate(...confirmD1);
  await world.clock.until(() => client.status.get().lastError !== null);
  expect(client.status.get()).toMatchObject({ pending: 1, needsToken: false, lastError: { code: 'not_an_answer' } });
  await world.settle(client);
  expect(await confirmed).toMatchObject({ state: 'applied' });
  expect(client.status.get().lastError).toBeNull();
});

test('every try has a fresh request id and the same mutations', async () => {
  const client = await world.synced();
  world.server.faults.push(lost, portal);
  await client.mutate(...confirmD1);
  await world.settle(client);
  const tries = world.server.requests.filter(({ mutations }) => mutations.length > 0);
  expect(tries).toHaveLength(3);
  expect(new Set(tries.map(({ request }) => request)).size).toBe(3);
  expect(new Set(tries.map(({ mutations }) => JSON.stringify(mutations))).size).toBe(1);
});

test.for(['forbidden', 'malformed', 'client_owned_by_another', 'model_too_old'] as const)(
  '%s pauses until the person does something',
  async (code) => {
    const client = await world.synced();
    world.server.faults.push(answer(() => problem(code)));
    await client.mutate(...confirmD1);
    await world.clock.until(() => client.status.get().lastError !== null);
    const before = world.server.requests.length;
    expect(client.status.get()).toMatchObject({
      lastError: { code },
      updateRequired: code === 'model_too_old',
      pending: 1,
    });
    await world.clock.pass(120_000);
    expect(world.server.requests).toHaveLength(before);
    await client.mutate('note', { text: 'go on' });
    await world.settle(client);
    expect(client.status.get()).toMatchObject({ lastError: null, updateRequired: false });
  },
);

test('a body that is too large is halved until it fits', async () => {
  const client = await world.synced();
  const most = 3;
  const tooLarge: Fault = async ({ mutations }, handle) =>
    mutations.length > most ? new Response('', { status: 413 }) : handle();
  world.server.faults.push(...Array.from({ length: 20 }, () => tooLarge));
  await Promise.all(Array.from({ length: 20 }, (_, at) => client.mutate('note', { text: `${at}` })));
  await world.settle(client);
  expect((await client.readMutations()).every(({ state }) => state === 'applied')).toBe(true);
  expect(client.status.get().lastError).toBeNull();
});

test('bodies are compressed, and no longer once the server does not understand it', async () => {
  const { gzip } = defaultPlatform();
  const client = await world.synced({ platform: { gzip } });
  await client.mutate('note', { text: 'long '.repeat(400) });
  await expect.poll(() => client.status.get().pending).toBe(0);
  expect(world.server.headers.at(-1)?.get('content-encoding')).toBe('gzip');

  world.server.faults.push(answer(() => problem('unsupported_encoding')));
  await client.mutate('note', { text: 'long '.repeat(400) });
  await expect.poll(() => client.status.get().pending).toBe(0);
  await client.mutate('note', { text: 'long '.repeat(400) });
  await expect.poll(() => client.status.get().pending).toBe(0);
  expect(world.server.headers.slice(-3).map((headers) => headers.get('content-encoding'))).toEqual([
    'gzip',
    null,
    null,
  ]);
});

test('Retry-After is obeyed, with jitter, by everything but a person', async () => {
  const client = await world.synced();
  const busy = answer(() => problem('overloaded', { 'retry-after': '30' }));
  world.server.faults.push(busy);
  await client.mutate(...confirmD1);
  await world.clock.until(() => client.status.get().lastError?.code === 'overloaded');
  const before = world.server.requests.length;
  await client.mutate('note', { text: 'more' });
  world.tell('online');
  await world.clock.pass(29_900);
  expect(world.server.requests).toHaveLength(before);
  world.server.faults.push(busy);
  await expect(client.sync()).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 30_000 });
  await world.clock.pass(46_000);
  expect(client.status.get().pending).toBe(0);
});

test('a stalled request is given up after its time limit, with a smaller batch next', async () => {
  const client = await world.synced();
  const stall: Fault = (_request, _handle, init) =>
    new Promise((_resolve, reject) =>
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)),
    );
  world.server.faults.push(stall);
  const notes = Array.from({ length: 40 }, (_, at) => client.mutate('note', { text: `${at}` }));
  await Promise.all(notes);
  await world.clock.until(() => client.status.get().lastError !== null);
  expect(client.status.get().lastError?.code).toBe('timeout');
  await world.settle(client);
  expect(world.server.requests.map(({ mutations }) => mutations.length).filter((length) => length > 0)).toEqual([
    40, 25, 15,
  ]);
});

test('waits grow, stay below a minute, and end when the network is back', async () => {
  const client = await world.synced();
  const down: Fault = () => Promise.reject(new TypeError('fetch failed'));
  world.server.faults.push(...Array.from({ length: 60 }, () => down));
  await client.mutate(...confirmD1);
  await world.clock.until(() => world.server.faults.length === 40);
  await idle();
  world.server.faults.length = 0;
  const before = world.server.requests.length;
  world.tell('online');
  await idle();
  expect(world.server.requests.length).toBeGreaterThan(before);
  expect(client.status.get().pending).toBe(0);
});

test('a halted mutation holds the queue up, not the replica', async () => {
  const client = await world.synced();
  world.server.halts.add('confirm');
  await client.mutate(...confirmD1);
  await client.mutate('note', { text: 'behind' });
  await world.clock.until(() => client.status.get().lastError?.code === 'halted');
  world.server.write('notes', 'n1', { id: 'n1', text: 'from another' });
  world.tell('online');
  await idle();
  expect(await client.read('notes', { where: { id: 'n1' } })).toHaveLength(1);
  expect(world.server.requests.at(-1)?.mutations).toEqual([]);
  await expect(client.sync()).rejects.toMatchObject({ code: 'halted' });
  expect(client.status.get().pending).toBe(2);

  world.server.halts.clear();
  await world.clock.pass(6000);
  expect(client.status.get()).toMatchObject({ pending: 0, lastError: null });
  expect((await client.readMutations()).map(({ state }) => state)).toEqual(['applied', 'applied']);
});

test('mutations of a newer model wait for the server', async () => {
  const client = await world.synced({ model: { ...model, version: 2 } });
  await client.mutate(...confirmD1);
  await world.clock.until(() => client.status.get().lastError?.code === 'server_outdated');
  world.server.model = 2;
  await world.clock.pass(6000);
  expect(client.status.get()).toMatchObject({ pending: 0, lastError: null });
});

test('a server that never gives a receipt is not asked in a hot loop', async () => {
  const client = await world.synced();
  const silent: Fault = async (request, handle) => {
    const body = (await (await handle()).json()) as object;
    return json({ ...body, request: request.request, receipts: [] });
  };
  world.server.faults.push(...Array.from({ length: 200 }, () => silent));
  const { key } = await client.mutate(...confirmD1);
  await world.clock.pass(120_000);
  expect(client.status.get()).toMatchObject({ pending: 1, lastError: { code: 'no_progress' } });
  expect(world.server.faults.length).toBeGreaterThan(170);
  world.server.faults.length = 0;
  await world.settle(client);
  expect(world.server.applied.get(key)).toBe(1);
});

test('many mutations go in batches that grow, in order, each once', async () => {
  const client = await world.synced();
  await Promise.all(Array.from({ length: 400 }, (_, at) => client.mutate('note', { text: `${at}` })));
  await world.settle(client);
  const sent = world.server.requests.flatMap(({ mutations }) => mutations.map(({ id }) => id));
  expect(sent).toEqual(Array.from({ length: 400 }, (_, at) => at + 1));
  expect(world.server.requests.map(({ mutations }) => mutations.length).filter(Boolean)).toEqual([50, 100, 200, 50]);
  expect(world.server.requests.at(-1)?.ack).toBe(350);
  await client.sync();
  expect(world.server.requests.at(-1)?.ack).toBe(400);
});

test('a device that knows it is offline sends nothing and marks nothing as sent', async () => {
  const client = await world.synced();
  const before = world.server.requests.length;
  world.isOnline = false;
  world.tell('offline');
  await client.mutate(...confirmD1);
  await expect(client.sync()).rejects.toMatchObject({ code: 'offline' });
  await world.clock.pass(300_000);
  expect(world.server.requests).toHaveLength(before);
  expect(client.status.get()).toMatchObject({ online: false, pending: 1, lastError: { code: 'offline' } });
  expect(await client.readMutations()).toMatchObject([{ state: 'saved' }]);
  world.isOnline = true;
  world.tell('online');
  await world.settle(client);
  expect(client.status.get()).toMatchObject({ online: true, lastError: null });
});

test('a portal’s Retry-After ends when the line is another', async () => {
  const client = await world.synced();
  world.server.faults.push(
    answer(() => new Response('<html>Log in</html>', { status: 503, headers: { 'retry-after': '600' } })),
  );
  await client.mutate(...confirmD1);
  await world.clock.until(() => client.status.get().lastError !== null);
  await idle();
  await world.clock.pass(60_000);
  expect(client.status.get()).toMatchObject({ pending: 1, lastError: { code: 'unavailable' } });
  world.tell('online');
  await idle();
  expect(client.status.get()).toMatchObject({ pending: 0, lastError: null });
});

test.for([0, 2 ** 40])('a hold of %i ms is neither a hot loop nor for ever', async (retryAfterMs) => {
  const client = await world.synced();
  const halted: Fault = async (request, handle) => {
    const [first] = request.mutations;
    if (!first) return handle();
    const { receipts: _receipts, ...body } = (await (await handle()).json()) as Record<string, unknown>;
    return json({ ...body, receipts: [], stopped: { id: first.id, code: 'halted', retryAfterMs } });
  };
  world.server.faults.push(...Array.from({ length: 50 }, () => halted));
  const before = world.server.requests.length;
  await client.mutate(...confirmD1);
  await world.clock.pass(900);
  expect(world.server.requests.length - before).toBeLessThanOrEqual(3);
  world.server.faults.length = 0;
  await world.clock.pass(10 * 60_000 + 1000);
  expect(client.status.get()).toMatchObject({ pending: 0, lastError: null });
});
