import type { Database } from './database.ts';
import { databaseFault } from './fault.ts';

/** Any answer but this one of a replica counts; the primary is asked instead. */
export const askPrimary: unique symbol = Symbol('ask the primary');

export interface ReplicaOptions {
  /** A streaming standby of the primary, or a pooler before several. */
  readonly database: Database;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonic: () => number;
  /** Told once when it stops answering, not of every try after it. */
  readonly onError: (error: unknown) => void;
  /** How long it is left alone after it failed; 5 s by default. */
  readonly pauseMs?: number;
  /** How long its answer is waited for; 3 s by default. */
  readonly patienceMs?: number;
}

/** A replica that may serve reads, and may be away, slow or too old at any moment: the primary is always there for what it cannot do. */
export class Replica {
  readonly database: Database;
  readonly #options: Required<ReplicaOptions>;
  #failing = false;
  #pausedUntil = -Infinity;

  constructor(options: ReplicaOptions) {
    this.#options = { pauseMs: 5000, patienceMs: 3000, ...options };
    this.database = options.database;
  }

  /**
   * Reads there, or on the primary when the replica is away, does not answer in time or says `askPrimary`.
   *
   * @param read what the replica is asked; what it throws is not believed either
   */
  async read<T>(read: () => Promise<T | typeof askPrimary>, primary: () => Promise<T>): Promise<T> {
    const { monotonic, pauseMs } = this.#options;
    const now = monotonic();
    if (now < this.#pausedUntil) return primary();
    // While it fails, one reader at a time finds out whether it is back.
    if (this.#failing) this.#pausedUntil = now + pauseMs;
    let found: T | typeof askPrimary;
    try {
      found = await this.#inTime(read());
      this.#failing = false;
      this.#pausedUntil = -Infinity;
    } catch (error) {
      found = askPrimary;
      // A statement that the replay of the primary's log was in the way of says nothing of the next one.
      if (databaseFault(error) !== 'conflict') this.#failed(error);
    }
    return found === askPrimary ? primary() : found;
  }

  #failed(error: unknown): void {
    const { monotonic, pauseMs, onError } = this.#options;
    if (!this.#failing) onError(error);
    this.#failing = true;
    this.#pausedUntil = monotonic() + pauseMs;
  }

  async #inTime<T>(reading: Promise<T>): Promise<T> {
    const { patienceMs } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`The read replica did not answer within ${patienceMs} ms`)),
      patienceMs,
    );
    // Nobody may be left to hear how it ends.
    reading.catch(() => {});
    try {
      return await Promise.race([reading, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
