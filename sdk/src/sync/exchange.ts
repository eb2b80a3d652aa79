import type { Platform } from '../platform.ts';
import type { Arrival } from './line.ts';
import { withTimeLimit } from './time-limit.ts';

/** An answer that moves may take this long after its beginning; the server gives up on a reader at some 120 s. */
const mostReadMs = 105_000;
/** Where nobody sees whether it moves, this long. */
const unseenReadMs = 45_000;
/** An answer that has begun and then does not move any further for so long is lost. */
const stallMs = 20_000;

/** What came back, whoever it is from. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
  readonly arrival: Arrival;
}

interface Limits {
  readonly platform: Pick<Platform, 'fetch' | 'streams' | 'now' | 'setTimeout' | 'clearTimeout'>;
  readonly ends: readonly AbortSignal[];
  /** How long the answer may take to begin. */
  readonly waitMs: number;
}

/**
 * Sends a request and reads its answer whole. There is a limit for the answer to begin, one for each stretch without
 * a byte of it, and one for all of it.
 *
 * @throws SyncError `timeout`, ClosedError when one of `ends` has aborted, or what `fetch` throws.
 */
export async function exchange(limits: Limits, url: string, init: RequestInit): Promise<Answer> {
  const { platform, ends, waitMs } = limits;
  const started = platform.now();
  const took = () => Math.max(platform.now() - started, 0);
  const mostMs = waitMs + (platform.streams ? mostReadMs : unseenReadMs);
  return withTimeLimit(platform, mostMs, ends, async (signal) => {
    const within = <T>(ms: number, body: () => Promise<T>) => withTimeLimit(platform, ms, [signal], body);
    // Where bodies don't stream, an answer may not begin for us before it has ended.
    const response = await within(platform.streams ? waitMs : mostMs, () => platform.fetch(url, { ...init, signal }));
    const { status, headers, body } = response;
    const waitedMs = took();
    let [text, bytes, first, firstMs] = ['', 0, 0, 0];
    if (body) {
      const reader = body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const chunk = await within(stallMs, () => reader.read());
        if (chunk.done) break;
        if (bytes === 0) [first, firstMs] = [chunk.value.length, took()];
        bytes += chunk.value.length;
        text += decoder.decode(chunk.value, { stream: true });
      }
      text += decoder.decode();
    } else {
      text = await response.text();
      bytes = text.length;
    }
    const tookMs = took();
    const flow = { bytes: bytes - first, ms: tookMs - firstMs };
    return { status, retryAfter: headers.get('retry-after'), text, arrival: { waitedMs, tookMs, bytes, flow } };
  });
}
