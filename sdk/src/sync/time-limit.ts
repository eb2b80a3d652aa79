import { deferred } from '../deferred.ts';
import { ClosedError, SyncError } from '../errors.ts';
import type { Platform } from '../platform.ts';

/**
 * Gives `body` a signal that aborts after `ms` or when `closing` does, and does not wait for it any longer then:
 * a network stack that ignores the signal cannot hold the loop up.
 *
 * @throws SyncError `timeout`, or ClosedError.
 */
export async function withTimeLimit<T>(
  platform: Pick<Platform, 'setTimeout' | 'clearTimeout'>,
  ms: number,
  closing: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const over = deferred<never>();
  const end = (error: Error) => {
    over.reject(error);
    abort.abort(error);
  };
  const close = () => end(new ClosedError());
  if (closing.aborted) throw new ClosedError();
  closing.addEventListener('abort', close, { once: true });
  const timer = platform.setTimeout(
    () => end(new SyncError('timeout', `No answer within ${Math.round(ms / 1000)} s`)),
    ms,
  );
  try {
    return await Promise.race([body(abort.signal), over.promise]);
  } finally {
    platform.clearTimeout(timer);
    closing.removeEventListener('abort', close);
  }
}
