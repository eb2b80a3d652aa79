import { now, random } from '../shared/platform.ts';
import { type AgentRow, type DeliveryRow, type PositionRow, ScopedRows } from './scoped-rows.ts';
import { ServerLine, type TokenSource } from './server-line.ts';

/** What the console shows; a new object each time something changed. */
export interface FeedState {
  deliveries: readonly DeliveryRow[];
  agents: ReadonlyMap<string, AgentRow>;
  /** Where agents were last, by agent id. */
  positions: ReadonlyMap<string, PositionRow>;
  /** `loading` the first time through; `live` while pokes arrive; `polling` without them; `away` after a failed pull. */
  line: 'loading' | 'live' | 'polling' | 'away';
  /** When everything up to then had arrived, in milliseconds since 1970. */
  updatedAt: number | null;
  /** When a delivery last changed while the console was open, by id. */
  changedAt: ReadonlyMap<string, number>;
}

/** Pokes are hints: without any, the feed still asks this often, in milliseconds. */
const askEvery = { live: 30_000, polling: 5_000 };
const longestWait = 30_000;

/** Follows the regions of a token through the pull API, from `start` until the signal. */
export class LiveFeed {
  readonly #line: ServerLine;
  readonly #rows = new ScopedRows();
  readonly #listeners = new Set<() => void>();
  readonly #changedAt = new Map<string, number>();
  #state: FeedState = {
    deliveries: [],
    agents: new Map(),
    positions: new Map(),
    line: 'loading',
    updatedAt: null,
    changedAt: this.#changedAt,
  };
  #cursor: string | null = null;
  #streaming = false;
  /** Since the last pull began: what the poke is about may not be in that pull's answer. */
  #poked = false;
  #wake: () => void = () => undefined;
  #renewStream: () => void = () => undefined;
  readonly #network: EventTarget;

  /** @param network where the browser says `offline` and `online` */
  constructor(token: TokenSource, network: EventTarget = globalThis) {
    this.#line = new ServerLine(token);
    this.#network = network;
  }

  readonly get = (): FeedState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(signal: AbortSignal): void {
    const lost = (): void => {
      this.#set({ line: 'away' });
      // The browser may be wrong, such as about a server in the same house: the next pull says so.
      this.#poke();
    };
    const back = (): void => {
      // A stream from before may be dead without having ended.
      this.#renewStream();
      this.#poke();
    };
    this.#network.addEventListener('offline', lost, { signal });
    this.#network.addEventListener('online', back, { signal });
    void this.#pullOnAndOn(signal);
    void this.#listenOnAndOn(signal);
  }

  async #pullOnAndOn(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      this.#poked = false;
      try {
        await this.#pullAll(signal);
        failures = 0;
        await this.#pause(this.#streaming ? askEvery.live : askEvery.polling, signal);
      } catch {
        if (signal.aborted) return;
        failures += 1;
        this.#set({ line: 'away' });
        await this.#pause(backoff(failures), signal);
      }
    }
  }

  async #pullAll(signal: AbortSignal): Promise<void> {
    for (let more = true; more;) {
      const delta = await this.#line.pull(this.#cursor, signal);
      const changed = this.#rows.apply(delta);
      this.#cursor = delta.cursor;
      more = delta.more;
      if (this.#state.updatedAt !== null) for (const id of changed) this.#changedAt.set(id, now());
      const moved = delta.changes.length + delta.reset.length + delta.dropped.length > 0;
      if (moved) this.#set(this.#shown());
    }
    this.#set({ line: this.#streaming ? 'live' : 'polling', updatedAt: now() });
  }

  async #listenOnAndOn(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const attempt = new AbortController();
      this.#renewStream = () => attempt.abort();
      signal.addEventListener('abort', this.#renewStream, { signal: attempt.signal });
      const opened = (): void => {
        failures = 0;
        this.#streaming = true;
        // What was published while the line was down made no poke.
        this.#poke();
      };
      await this.#line.listen(attempt.signal, opened, () => this.#poke()).catch(() => undefined);
      this.#streaming = false;
      if (!signal.aborted && this.#state.line === 'live') this.#set({ line: 'polling' });
      failures += 1;
      await sleep(backoff(failures), attempt.signal);
      attempt.abort();
      // Whether the server can be reached at all, only a pull tells; the next one may be half a minute away.
      this.#poke();
    }
  }

  #poke(): void {
    this.#poked = true;
    this.#wake();
  }

  /** Waits, but not longer than until the next poke; not at all when one came during the pull. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#poked) return;
    const poked = new AbortController();
    this.#wake = () => poked.abort();
    await sleep(ms, signal, poked.signal);
    this.#wake = () => undefined;
  }

  #shown(): Pick<FeedState, 'deliveries' | 'agents' | 'positions'> {
    return {
      deliveries: this.#rows.all('deliveries'),
      agents: new Map(this.#rows.all('agents').map((agent) => [agent.id, agent])),
      positions: new Map(this.#rows.all('agentPositions').map((position) => [position.agentId, position])),
    };
  }

  #set(changes: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Full jitter, so that consoles don't come back all at once. */
function backoff(failures: number): number {
  return 500 + random() * Math.min(longestWait, 1_000 * 2 ** failures);
}

/** Until `ms` are over or one of the signals aborts. */
function sleep(ms: number, ...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some(({ aborted }) => aborted)) return resolve();
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
