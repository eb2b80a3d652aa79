import { createParser } from 'eventsource-parser';
import * as z from 'zod/mini';
import { random } from '../ids.ts';
import type { Platform } from '../platform.ts';
import { Poke } from '../protocol/index.ts';
import { Alarm } from './alarm.ts';
import { withTimeLimit } from './time-limit.ts';
import type { Tokens } from './tokens.ts';

/** The server writes a comment every 25 s: after this much silence the line is dead. */
const silenceMs = 60_000;
const connectMs = 30_000;
const firstWaitMs = 1_000;
const mostWaitMs = 60_000;
/** A stream that lasted this long was a good one; a proxy that cuts each after a moment is not worth much hurry. */
const goodMs = 30_000;

/** Listens to the server's hints that something is new. Losing any or all of them loses nothing. */
export class PokeStream {
  readonly #url: string;
  readonly #platform: Platform;
  readonly #tokens: Tokens;
  readonly #closing: AbortSignal;
  readonly #poked: (poke: Poke | undefined) => void;
  readonly #alarm: Alarm;
  #failures = 0;

  /** @param options.poked is told of each poke; without one after a break, when some may have been missed. */
  constructor(options: {
    url: string;
    platform: Platform;
    tokens: Tokens;
    closing: AbortSignal;
    poked: (poke: Poke | undefined) => void;
  }) {
    this.#url = `${options.url}/v1/events`;
    this.#platform = options.platform;
    this.#tokens = options.tokens;
    this.#closing = options.closing;
    this.#poked = options.poked;
    this.#alarm = new Alarm(options.platform);
  }

  /** The line may be back: don't wait any longer. */
  wake(): void {
    this.#alarm.ring('online');
  }

  /** Listens, again and again, until the client closes. */
  async run(): Promise<void> {
    const close = () => this.#alarm.ring('close');
    this.#closing.addEventListener('abort', close, { once: true });
    for (let first = true; !this.#closing.aborted; first = false) {
      const abort = new AbortController();
      const started = this.#platform.now();
      try {
        await this.#listen(abort.signal, first);
      } catch {
        // Whatever it was, the answer is the same: try again later.
      } finally {
        abort.abort();
      }
      if (this.#platform.now() - started >= goodMs) this.#failures = 0;
      const limit = Math.min(firstWaitMs * 2 ** this.#failures, mostWaitMs);
      this.#failures += 1;
      this.#alarm.clear();
      await this.#alarm.sleep(limit * (0.5 + random(this.#platform) / 2), ['online']);
    }
  }

  async #listen(signal: AbortSignal, first: boolean): Promise<void> {
    const reader = await this.#connect(signal);
    if (!first) this.#poked(undefined);
    const decoder = new TextDecoder();
    const parser = createParser({
      maxBufferSize: 1024 * 1024,
      onEvent: ({ event, data }) => {
        if (event === 'poke') this.#poked(z.safeParse(Poke, parseJson(data)).data);
      },
    });
    for (;;) {
      const chunk = await withTimeLimit(this.#platform, silenceMs, this.#closing, () => reader.read());
      if (chunk.done) return;
      parser.feed(decoder.decode(chunk.value, { stream: true }));
    }
  }

  async #connect(signal: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const token = await this.#tokens.current();
    const response = await withTimeLimit(this.#platform, connectMs, this.#closing, () =>
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
