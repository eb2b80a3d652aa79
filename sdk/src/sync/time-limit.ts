import { deferred } from '../deferred.ts';
import { ClosedError, SyncError } from '../errors.ts';
import type { Platform } from '../platform.ts';

/**
 * Gives `body` a signal that aborts after `ms`, or when one of `ends` does, and at the latest when it is done; and does
 * not wait for it any longer then: a network stack that ignores the signal cannot hold the loop up.
 *
 * @throws SyncError `timeout`, or ClosedError when one of `ends` has aborted: not its reason, which signals in React
 * Native before 0.87 have not (`abort-controller` of 2019; nor have they `throwIfAborted`, `any` or `timeout`).
 */
export async function withTimeLimit<T>(
  platform: Pick<Platform, 'setTimeout' | 'clearTimeout'>,
  ms: number,
  ends: readonly AbortSignal[],
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (ends.some(({ aborted }) => aborted)) throw new ClosedError();
  const abort = new AbortController();
  const over = deferred<never>();
  const end = (error: unknown) => {
    over.reject(error);
    abort.abort();
  };
  const stops = ends.map((signal) => {
    const stop = () => end(new ClosedError());
    signal.addEventListener('abort', stop);
    return () => signal.removeEventListener('abort', stop);
  });
  const timer = platform.setTimeout(
    () => end(new SyncError('timeout', `Gave up after ${Math.round(ms / 1000)} s`)),
    ms,
  );
  try {
    return await Promise.race([body(abort.signal), over.promise]);
  } finally {
    platform.clearTimeout(timer);
    for (const stop of stops) stop();
    // What is still under way is of no use any more.
    abort.abort();
  }
}
