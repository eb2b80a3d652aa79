import { deferred } from '../deferred.ts';
import { random } from '../ids.ts';
import type { Platform } from '../platform.ts';
import type { Poke } from '../protocol/index.ts';
import { isPoke, readAs } from './answer.ts';
import { eventReader } from './event-stream.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Tokens } from './tokens.ts';

/** The server writes a comment every 25 s: after this much silence the line is dead. */
const silenceMs = 60_000;
const connectMs = 30_000;
/** It begins with a comment: a proxy that has not let go of that by now keeps everything back. */
const firstChunkMs = 20_000;
const firstWaitMs = 1_000;
/** Each try costs somebody data, and the loop polls meanwhile. */
const mostWaitMs = 5 * 60_000;
/** A stream that lasted this long was a good one; a proxy that cuts each after a moment is not worth much hurry. */
const goodMs = 30_000;

/** Listens to the server's hints that something is new. Losing any or all of them loses nothing. */
export class PokeStream {
  readonly #url: string;
  readonly #platform: Platform;
  readonly #tokens: Tokens;
  readonly #closing: AbortSignal;
  readonly #poked: (poke: Poke | undefined) => void;
  readonly #streams: (up: boolean) => void;
  #up = true;
  /** When the stream began to come. */
  #since = Infinity;
  #failures = 0;
  /** Ends the wait for the next try. */
  #wake: () => void = () => {};

  /**
   * @param options.poked is told of each poke; without one after a break, when some may have been missed.
   * @param options.streams is told when the stream does not come or no longer, and when it comes after that.
   */
  constructor(options: {
    url: string;
    platform: Platform;
    tokens: Tokens;
    closing: AbortSignal;
    poked: (poke: Poke | undefined) => void;
    streams: (up: boolean) => void;
  }) {
    this.#url = `${options.url}/v1/events`;
    this.#platform = options.platform;
    this.#tokens = options.tokens;
    this.#closing = options.closing;
    this.#poked = options.poked;
    this.#streams = options.streams;
  }

  /** The line may be back: don't wait any longer. */
  wake(): void {
    this.#wake();
  }

  /** Listens, again and again, until the client closes. */
  async run(): Promise<void> {
    const { now } = this.#platform;
    this.#closing.addEventListener('abort', () => this.#wake(), { once: true });
    for (let first = true; !this.#closing.aborted; first = false) {
      const abort = new AbortController();
      // While nothing has come, it is no good stream, however long that takes.
      this.#since = Infinity;
      try {
        await this.#listen(abort.signal, first);
      } catch {
        // Whatever it was, the answer is the same: try again later.
      } finally {
        abort.abort();
      }
      if (this.#closing.aborted) return;
      this.#isUp(false);
      if (now() - this.#since >= goodMs) this.#failures = 0;
      const limit = Math.min(firstWaitMs * 2 ** this.#failures, mostWaitMs);
      this.#failures += 1;
      await this.#wait(limit * (0.5 + random(this.#platform) / 2));
    }
  }

  #isUp(up: boolean): void {
    if (up !== this.#up) this.#streams(up);
    this.#up = up;
  }

  async #wait(ms: number): Promise<void> {
    const { setTimeout, clearTimeout } = this.#platform;
    const over = deferred<void>();
    const timer = setTimeout(over.resolve, ms);
    this.#wake = over.resolve;
    await over.promise;
    clearTimeout(timer);
  }

  async #listen(signal: AbortSignal, first: boolean): Promise<void> {
    const reader = await this.#connect(signal);
    const decoder = new TextDecoder();
    const read = eventReader((event, data) => {
      if (event === 'poke') this.#poked(readAs(isPoke, data));
    });
    for (let waitMs = firstChunkMs; ; waitMs = silenceMs) {
      const chunk = await withTimeLimit(this.#platform, waitMs, [this.#closing], () => reader.read());
      if (chunk.done) return;
      if (waitMs === firstChunkMs) {
        this.#since = this.#platform.now();
        this.#isUp(true);
        if (!first) this.#poked(undefined);
      }
      read(decoder.decode(chunk.value, { stream: true }));
    }
  }

  async #connect(signal: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const token = await this.#tokens.current();
    const response = await withTimeLimit(this.#platform, connectMs, [this.#closing], () =>
      this.#platform.fetch(this.#url, {
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
        cache: 'no-store',
        redirect: 'error',
        signal,
      }),
    );
    if (response.status === 401) this.#tokens.refused(token, false);
    if (!response.ok || !response.body) throw new TypeError(`The stream of pokes had status ${response.status}`);
    return response.body.getReader();
  }
}
