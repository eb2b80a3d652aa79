import type { FakeClock } from './fake-clock.ts';
import type { Fault } from './fake-server.ts';

/** A line as it is for one exchange. */
export interface SlowLine {
  /** Until the answer begins. */
  readonly delayMs?: number;
  readonly bytesPerSecond?: number;
  /** Nothing more comes after so many bytes, and the line stays open. */
  readonly stallsAfter?: number;
}

/** Lets the server answer, and its answer come piece by piece: each second's worth at the end of its second. */
export function slowly(clock: FakeClock, line: SlowLine): Fault {
  const { delayMs = 0, bytesPerSecond = Infinity, stallsAfter = Infinity } = line;
  return async (_request, handle, init) => {
    const response = await handle();
    const bytes = new Uint8Array(await response.arrayBuffer());
    const { signal } = init;
    await passes(clock, delayMs, signal);
    let at = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const end = Math.min(at + bytesPerSecond, bytes.length);
          await passes(clock, end > stallsAfter ? Infinity : ((end - at) / bytesPerSecond) * 1000, signal);
          controller.enqueue(bytes.subarray(at, end));
          at = end;
          if (at === bytes.length) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

/** Never answers. */
export const silence: Fault = (_request, _handle, { signal }) =>
  new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));

/** @throws the reason of `signal`, as a real `fetch` would. */
async function passes(clock: FakeClock, ms: number, signal: RequestInit['signal']): Promise<void> {
  signal?.throwIfAborted();
  if (ms === 0) return;
  await new Promise<void>((resolve, reject) => {
    const timer = ms === Infinity ? undefined : clock.setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clock.clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
