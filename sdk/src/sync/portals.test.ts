import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { World } from '../testing/world.ts';

let world: World;
let portal: Server | undefined;
beforeEach(() => {
  world = new World();
});
afterEach(async () => {
  await world.close();
  portal?.closeAllConnections();
  portal?.close();
});

/** A real HTTP server between the phone and ours, and what was asked of it. */
async function behind(listener: RequestListener) {
  const asked: string[] = [];
  portal = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  portal.listen(0, '127.0.0.1');
  await once(portal, 'listening');
  const { port } = portal.address() as { port: number };
  let between = true;
  const client = await world.client({
    platform: {
      fetch: (url, init) => (between ? fetch(`http://127.0.0.1:${port}/v1/sync`, init) : world.server.fetch(url, init)),
    },
  });
  return { asked, client, loggedIn: () => void (between = false) };
}

const whole = JSON.stringify({ request: 'r', receipts: [] });

test.for<[string, string, RequestListener]>([
  [
    'a redirect to a page to log in',
    'unreachable',
    (request, response) => {
      response.writeHead(request.url === '/login' ? 200 : 302, { location: '/login' }).end('<html>Log in</html>');
    },
  ],
  [
    'a redirect that keeps the method',
    'unreachable',
    (request, response) => {
      response.writeHead(request.url === '/login' ? 200 : 307, { location: '/login' }).end('<html>Log in</html>');
    },
  ],
  [
    'what says it is compressed, and is not',
    'unreachable',
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(whole);
    },
  ],
  [
    'a compressed answer that was cut',
    'not_an_answer',
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(whole.repeat(100)).subarray(0, -12));
    },
  ],
  [
    'a line that breaks in the middle of an answer',
    'unreachable',
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length + 10 });
      response.write(whole, () => response.destroy());
    },
  ],
  [
    'network authentication required',
    'not_an_answer',
    (_request, response) => void response.writeHead(511).end('<html>Log in</html>'),
  ],
])('%s is not an answer: nothing is lost, and nobody else hears of it', async ([, code, listener]) => {
  const { asked, client, loggedIn } = await behind(listener);
  const { key, confirmed } = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await expect.poll(() => client.status.get().lastError, { timeout: 20_000 }).toMatchObject({ code });
  expect(client.status.get()).toMatchObject({ pending: 1, needsToken: false, lastSyncedAt: null });
  // The mutations went nowhere but to where they were sent.
  expect(new Set(asked)).toEqual(new Set(['POST /v1/sync']));
  loggedIn();
  await world.settle(client);
  expect(await confirmed).toMatchObject({ state: 'applied' });
  expect(world.server.applied.get(key)).toBe(1);
});
