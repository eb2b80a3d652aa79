import type { Poke } from '@ekbaar/sdk/protocol';
import type { Moved } from '../engine/publish.ts';

/** How often `tick` is to be called. */
export const tickMs = 1000;
/** Proxies close a line on which nothing moves, many after 30 s. */
const keepAliveMs = 25_000;
/** Scopes that one poke names at most. It makes the reader pull everything that is new, whatever it names. */
const mostScopes = 1000;
const encoder = new TextEncoder();

export interface EventStreamOptions {
  /** When it ends by itself. */
  readonly lifetimeMs: number;
  /** How long the reader may take nothing. */
  readonly stuckMs: number;
  /** Asked at every tick: it ends when the answer is no. */
  readonly stillGood?: (() => Promise<boolean>) | undefined;
  /** Cuts the reader's line. */
  readonly cut: () => void;
  /** Told once, when it has ended in whatever way. */
  readonly over: () => void;
}

/** One reader's stream. It holds at most one written event; what comes meanwhile overwrites itself, by scope. */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #cut: () => void;
  readonly #over: () => void;
  readonly #stuckMs: number;
  readonly #stillGood: (() => Promise<boolean>) | undefined;
  readonly #pending = new Map<string, number>();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Whether the reader has taken all there was and asks for more. */
  #hungry = false;
  #leftMs: number;
  #silentMs = 0;
  #unreadMs = 0;
  #asking = false;

  constructor({ lifetimeMs, stuckMs, stillGood, cut, over }: EventStreamOptions) {
    this.#leftMs = lifetimeMs;
    this.#stuckMs = stuckMs;
    this.#stillGood = stillGood;
    this.#cut = cut;
    this.#over = over;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        controller.enqueue(encoder.encode(': connected\n\n'));
      },
      pull: () => {
        this.#hungry = true;
        this.#unreadMs = 0;
        this.#flush();
      },
      cancel: () => void this.#close(),
    });
  }

  poke(moved: Moved): void {
    for (const [scope, version] of moved) {
      if (this.#pending.size < mostScopes || this.#pending.has(scope)) this.#pending.set(scope, version);
    }
    this.#flush();
  }

  tick(): void {
    this.#leftMs -= tickMs;
    if (this.#leftMs <= 0) return this.end();
    this.#ask();
    this.#silentMs += tickMs;
    if (this.#hungry) {
      if (this.#silentMs >= keepAliveMs) this.#write(': still here\n\n');
      return;
    }
    this.#unreadMs += tickMs;
    if (this.#unreadMs < this.#stuckMs) return;
    this.#close();
    this.#cut();
  }

  /** @param comeBackAfterMs a hint, for a reader whose token is still good */
  end(comeBackAfterMs?: number): void {
    const controller = this.#close();
    if (comeBackAfterMs !== undefined) controller?.enqueue(encoder.encode(`retry: ${comeBackAfterMs}\n\n`));
    controller?.close();
  }

  /** One question at a time; who cannot say ends nothing. */
  #ask(): void {
    if (this.#stillGood === undefined || this.#asking) return;
    this.#asking = true;
    void this.#stillGood()
      .then(
        (good) => good || this.end(),
        () => {},
      )
      .finally(() => (this.#asking = false));
  }

  #flush(): void {
    if (!this.#hungry || this.#pending.size === 0) return;
    const poke: Poke = { scopes: Object.fromEntries(this.#pending) };
    this.#pending.clear();
    this.#write(`event: poke\ndata: ${JSON.stringify(poke)}\n\n`);
  }

  #write(text: string): void {
    this.#hungry = false;
    this.#silentMs = 0;
    this.#controller?.enqueue(encoder.encode(text));
  }

  /** From now on nothing is written but by who ends it, and nobody counts it. */
  #close(): ReadableStreamDefaultController<Uint8Array> | undefined {
    const controller = this.#controller;
    if (controller === undefined) return undefined;
    this.#controller = undefined;
    this.#hungry = false;
    this.#pending.clear();
    this.#over();
    return controller;
  }
}
