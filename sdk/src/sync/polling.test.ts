import { afterEach, beforeEach, expect, test } from 'vitest';
import { idle } from '../testing/fake-clock.ts';
import { World } from '../testing/world.ts';

const minute = 60_000;

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** What becomes of a request for the stream of pokes. */
type Stream = (real: () => Promise<Response>, init: RequestInit) => Promise<Response>;

const works: Stream = (real) => real();
const silentBody = () => new ReadableStream<Uint8Array>({ start() {} }, { highWaterMark: 0 });

/** A client whose stream of pokes can be spoiled, and how often it asked for what. */
async function start(stream: Stream) {
  let [spoiled, isVisible, connects] = [stream, true, 0];
  const client = await world.client({
    platform: {
      pokes: true,
      visible: () => isVisible,
      fetch: (url, init) => {
        const real = () => world.server.fetch(url, init);
        if (!url.endsWith('/v1/events')) return real();
        connects += 1;
        return spoiled(real, init);
      },
    },
  });
  // The server writes a comment now and then.
  const keepAlive = () => {
    if (spoiled !== works) return;
    for (const open of world.server.streams) open.enqueue(new TextEncoder().encode(': still here\n\n'));
    world.clock.setTimeout(keepAlive, 25_000);
  };
  keepAlive();
  await idle();
  /** How many passes and connects there are in so much time. */
  const within = async (ms: number) => {
    const [passes, before] = [world.server.requests.length, connects];
    await world.clock.pass(ms);
    return { passes: world.server.requests.length - passes, connects: connects - before };
  };
  return {
    client,
    within,
    recover: () => {
      spoiled = works;
      keepAlive();
    },
    hide: () => void (isVisible = false),
  };
}

test('with a stream of pokes the client looks by itself about once a minute', async () => {
  const { within } = await start(works);
  const { passes, connects } = await within(10 * minute);
  expect(connects).toBe(0);
  expect(passes).toBeGreaterThanOrEqual(9);
  expect(passes).toBeLessThanOrEqual(11);
});

test.for<[string, Stream]>([
  ['no line to it', () => Promise.reject(new TypeError('fetch failed'))],
  ['a proxy that refuses it', async () => new Response('no', { status: 502 })],
  [
    'bodies that do not stream',
    async () => ({ ok: true, status: 200, body: undefined, headers: new Headers() }) as unknown as Response,
  ],
  ['a proxy that gathers what it should pass on', async () => new Response(silentBody())],
  ['a proxy that never lets the answer begin', () => new Promise(() => {})],
])('%s: the client polls, and tries seldom to get the stream', async ([, stream]) => {
  const { within, hide, recover } = await start(stream);
  await within(2 * minute);
  const polling = await within(5 * minute);
  // Every 15 to 30 s.
  expect(polling.passes).toBeGreaterThanOrEqual(10);
  expect(polling.passes).toBeLessThanOrEqual(20);
  expect(polling.connects).toBeLessThanOrEqual(6);

  hide();
  await within(minute);
  const hidden = await within(15 * minute);
  expect(hidden.passes).toBeGreaterThanOrEqual(5);
  expect(hidden.passes).toBeLessThanOrEqual(10);
  expect(hidden.connects).toBeLessThanOrEqual(6);

  // It comes again, and with it what was missed.
  recover();
  world.tell('online');
  await idle();
  world.server.write('notes', 'n1', { id: 'n1', text: 'new' });
  await within(minute);
  expect((await within(5 * minute)).passes).toBeLessThanOrEqual(6);
});

test('a stream that comes again at once costs one look', async () => {
  const { client, within } = await start(works);
  await within(10_000);
  world.server.write('notes', 'n1', { id: 'n1', text: 'unheard' });
  for (const stream of world.server.streams) stream.close();
  world.server.streams.clear();
  expect(await within(3_000)).toEqual({ passes: 1, connects: 1 });
  expect(await client.read('notes')).toHaveLength(1);
  expect((await within(5 * minute)).passes).toBeLessThanOrEqual(6);
});

test('a stream that breaks at once, again and again, is no reason to look again and again', async () => {
  const { within } = await start(async (real) => {
    const response = await real();
    for (const stream of world.server.streams) stream.close();
    world.server.streams.clear();
    return response;
  });
  await within(5 * minute);
  const { passes, connects } = await within(10 * minute);
  expect(connects).toBeLessThanOrEqual(6);
  expect(passes).toBeLessThanOrEqual(46);
});
