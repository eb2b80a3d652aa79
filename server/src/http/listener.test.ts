import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { limitsOf } from './limits.ts';
import { listen } from './listener.ts';

// Shorter than the grace of requests that are under way.
test('a connection that nobody has sent anything on keeps no server from closing', { timeout: 15_000 }, async () => {
  const listener = await listen(() => new Response('hello'), { port: 0, host: '127.0.0.1' }, limitsOf({}, 1));
  const silent = connect(listener.port, '127.0.0.1');
  await once(silent, 'connect');
  // Accepted, and known to the server, once another one has been answered.
  await (await fetch(`http://127.0.0.1:${listener.port}/`)).text();
  const ended = once(silent, 'close');
  await Promise.all([listener.close(), ended]);
  expect(silent.destroyed).toBe(true);
});
