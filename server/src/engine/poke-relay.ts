import type { Database, Queryable } from '../db/database.ts';
import { keptSeconds, PokeWriter } from './poke-writer.ts';
import { PokeReader } from './poke-reader.ts';
import type { Pokes } from './pokes.ts';
import type { Moved } from './publish.ts';

/** Calls `run` after so many milliseconds, unless the function that it returns is called before. */
export type StartTimer = (ms: number, run: () => void) => () => void;

/** A timer that keeps no process alive. */
const startTimer: StartTimer = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};

export interface PokeRelayOptions {
  readonly database: Database;
  /** The event streams of this node. */
  readonly pokes: Pokes;
  /** Told once when the database stops taking or giving pokes, not of every try after it. */
  readonly onError: (error: unknown) => void;
  readonly startTimer?: StartTimer;
  /** How long moves are gathered before they are written; 50 ms by default. */
  readonly gatherMs?: number;
  /** Pause between two looks while pokes come, and the longest one while none do; 150 and 500 ms by default. */
  readonly pollMs?: number;
  readonly longestPollMs?: number;
}

/**
 * Tells the other nodes which scopes moved, through rows that live for seconds: it works behind any pooler, and no
 * mutation's transaction has a part in it. Moves are gathered, and written with one statement; who has event streams
 * looks for the rows of its tenants. The database being away fails nothing and loses hints only.
 */
export class PokeRelay {
  readonly #options: Required<Omit<PokeRelayOptions, 'startTimer'>>;
  readonly #startTimer: StartTimer;
  /** How this node knows its own rows. */
  readonly #node: string = crypto.randomUUID();
  readonly #writer: PokeWriter;
  readonly #reader: PokeReader;
  readonly #unsubscribe: () => void;
  #stopped = false;
  #cancelWrite: (() => void) | undefined;
  #cancelRead: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #pauseMs = 0;
  /** Counts in looks and loads: no clock is needed for what may be early or late. */
  #writtenLoads = 0;
  #failing = false;
  #sent = 0;
  #received = 0;

  constructor({ startTimer: timer = startTimer, ...options }: PokeRelayOptions) {
    this.#options = { gatherMs: 50, pollMs: 150, longestPollMs: 500, ...options };
    this.#startTimer = timer;
    this.#writer = new PokeWriter(this.#node);
    this.#reader = new PokeReader(this.#node);
    this.#unsubscribe = options.pokes.onSubscribed(() => this.#look());
  }

  /** Pokes written for other nodes since the start, and pokes of theirs that somebody here listens for. */
  get sent(): number {
    return this.#sent;
  }

  get received(): number {
    return this.#received;
  }

  /** Takes note of what this node moved; the others hear of it a moment later. */
  gather(tenant: string, moved: Moved): void {
    if (moved.size === 0 || this.#stopped) return;
    this.#writer.gather(tenant, moved);
    if (this.#writing !== undefined) return;
    this.#cancelWrite ??= this.#startTimer(this.#options.gatherMs, () => void this.#write());
  }

  /** Writes what is gathered and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancelRead?.();
    await Promise.all([this.#writing, this.#reading]);
    await this.#write();
  }

  #write(): Promise<void> {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    this.#writing = this.#attempt(async (db) => {
      this.#sent += await this.#writer.write(db);
      const everyMs = keptSeconds * 1000;
      if (this.#writtenLoads++ % Math.ceil(everyMs / this.#options.gatherMs) === 0) await this.#writer.deleteOld(db);
    }).then(() => {
      this.#writing = undefined;
      if (this.#writer.isEmpty || this.#stopped) return;
      this.#cancelWrite = this.#startTimer(this.#options.gatherMs, () => void this.#write());
    });
    return this.#writing;
  }

  /** Looks at once, unless a look is under way or due. */
  #look(): void {
    if (this.#stopped || this.#reading !== undefined || this.#cancelRead !== undefined) return;
    this.#pauseMs = this.#options.pollMs;
    this.#read();
  }

  #read(): void {
    this.#cancelRead = undefined;
    const { pokes, pollMs, longestPollMs } = this.#options;
    const { tenants } = pokes;
    if (tenants.length === 0) {
      this.#reader.forget();
      return;
    }
    let found = 0;
    this.#reading = this.#attempt(async (db) => {
      for (const { tenant, moved } of await this.#reader.read(db, tenants)) {
        found++;
        this.#received++;
        pokes.publish(tenant, moved);
      }
    }).then(() => {
      this.#reading = undefined;
      if (this.#stopped) return;
      this.#pauseMs = found > 0 ? pollMs : Math.min(longestPollMs, this.#pauseMs * 1.3);
      this.#cancelRead = this.#startTimer(this.#pauseMs, () => this.#read());
    });
  }

  async #attempt(body: (db: Queryable) => Promise<void>): Promise<void> {
    try {
      await body(this.#options.database.db);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing && !this.#stopped) this.#options.onError(error);
      this.#failing = true;
    }
  }
}
