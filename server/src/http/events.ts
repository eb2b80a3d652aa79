import type { Poke } from '@ekbaar/sdk/protocol';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { ReadableScope } from '../engine/actor.ts';
import type { Pokes } from '../engine/pokes.ts';

/** Proxies close a line on which nothing moves, many after 30 s. */
const keepAliveMs = 25_000;
/** Most that a timer holds; a token that lives longer sees its stream end after 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/** A stream of pokes for as long as the token is good (`lifetimeMs`). A slow reader is told the newest only: versions overwrite each other. */
export function events(
  c: Context,
  pokes: Pokes,
  tenant: string,
  readable: readonly ReadableScope[],
  lifetimeMs: number,
): Response {
  c.header('Cache-Control', 'no-store');
  // nginx would keep the pokes back until its buffer is full.
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, async (stream) => {
    const pending = new Map<string, number>();
    let wake = () => {};
    const unsubscribe = pokes.subscribe(tenant, readable, (moved) => {
      for (const [scope, version] of moved) pending.set(scope, version);
      wake();
    });
    let ended = false;
    const end = () => {
      ended = true;
      wake();
    };
    const expiry = setTimeout(end, lifetimeMs < longestTimerMs ? Math.max(0, lifetimeMs) : longestTimerMs);
    const heartbeat = setInterval(() => wake(), keepAliveMs);
    stream.onAbort(end);
    pokes.closing.addEventListener('abort', end);
    try {
      await stream.write(': connected\n\n');
      while (!ended) {
        if (pending.size === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (ended) break;
        if (pending.size === 0) await stream.write(': still here\n\n');
        else {
          const poke: Poke = { scopes: Object.fromEntries(pending) };
          pending.clear();
          await stream.writeSSE({ event: 'poke', data: JSON.stringify(poke) });
        }
      }
    } finally {
      unsubscribe();
      pokes.closing.removeEventListener('abort', end);
      clearTimeout(expiry);
      clearInterval(heartbeat);
    }
  });
}
