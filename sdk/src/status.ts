import { messageOf } from './errors.ts';
import type { StoreLoss } from './safekeeping.ts';

/** How the client stands. A new object each time something changed, the same one until then. */
export interface Status {
  /** False only when the device knows that it has no network. */
  readonly online: boolean;
  /** A request is on its way. */
  readonly syncing: boolean;
  /** Mutations without an outcome from the server. */
  readonly pending: number;
  /** When the oldest of them was made (ISO 8601). */
  readonly oldestUnsentAt: string | null;
  /** When the replica was last complete, and on disk (ISO 8601). */
  readonly lastSyncedAt: string | null;
  /** While the replica is not complete: how many rows are here, and how many the server has for this device. */
  readonly progress: { readonly rows: number; readonly of: number } | null;
  /** Refused mutations that nobody has dealt with yet. */
  readonly needsAttention: number;
  /** The app must sign the person in again; nothing is lost until then. */
  readonly needsToken: boolean;
  /** The server no longer understands this version of the app. */
  readonly updateRequired: boolean;
  /** What went wrong last; null once a sync has succeeded. */
  readonly lastError: { readonly code: string; readonly message: string } | null;
  /**
   * How far the device's clock is ahead of the server's, in milliseconds; negative: behind. Null before the first answer.
   * Network delay makes it uncertain by some hundred milliseconds, on a bad line by up to 5 seconds.
   */
  readonly clockErrorMs: number | null;
  /** The person was signed out, here or in another tab: the client is closed, and this device has nothing of theirs. */
  readonly signedOut: boolean;
  /** The scopes whose rows are on this device. */
  readonly scopes: readonly string[];
  /** What was on this device and is no longer; stays until `client.acknowledgeLoss()`. */
  readonly storeLost: StoreLoss | null;
  /** Whether the browser has promised not to clear the data by itself. Null until something was saved in this session. */
  readonly persistent: boolean | null;
}

/** How many different errors are remembered, one after the other. */
const mostErrors = 20;

/** An error that was in `lastError`, and how often in a row. */
export interface ErrorTrace {
  readonly code: string;
  readonly message: string;
  /** The device's clock, in milliseconds since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly times: number;
}

/** Holds the current status and tells who listens. */
export class StatusBoard {
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;
  readonly #onError: ((error: unknown, code: string) => void) | undefined;
  #told: string | undefined;
  #errors: readonly ErrorTrace[] = [];
  #status: Status;

  constructor(online: boolean, now: () => number, onError?: (error: unknown, code: string) => void) {
    this.#now = now;
    this.#onError = onError;
    this.#status = {
      online,
      syncing: false,
      pending: 0,
      oldestUnsentAt: null,
      lastSyncedAt: null,
      progress: null,
      needsAttention: 0,
      needsToken: false,
      updateRequired: false,
      lastError: null,
      clockErrorMs: null,
      signedOut: false,
      scopes: [],
      storeLost: null,
      persistent: null,
    };
  }

  readonly get = (): Status => this.#status;

  /** The last errors, the newest last. */
  get errors(): readonly ErrorTrace[] {
    return this.#errors;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whatever a listener throws, the others are told and the caller goes on. */
  set(changes: Partial<Status>): void {
    if (changes.lastError) this.#trace(changes.lastError);
    if (changes.lastError === null) this.#told = undefined;
    const next = { ...this.#status, ...changes };
    if (JSON.stringify(next) === JSON.stringify(this.#status)) return;
    this.#status = next;
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        // Told to nobody now: the one who would be told is the one who threw.
        this.#status = { ...this.#status, lastError: { code: 'listener_failed', message: messageOf(error) } };
      }
    }
  }

  #trace({ code, message }: NonNullable<Status['lastError']>): void {
    const last = this.#errors.at(-1);
    const same = last?.code === code && last.message === message ? last : undefined;
    const lastAt = this.#now();
    const { firstAt, times } = same ?? { firstAt: lastAt, times: 0 };
    const others = same ? this.#errors.slice(0, -1) : this.#errors;
    this.#errors = [...others, { code, message, firstAt, lastAt, times: times + 1 }].slice(-mostErrors);
  }

  readonly failed = (code: string, error: unknown): void => {
    this.set({ lastError: { code, message: messageOf(error) } });
    this.report(code, error);
  };

  /** Tells the app's error reporter, once for as long as it is the same. */
  report(code: string, error: unknown): void {
    if (code === this.#told) return;
    this.#told = code;
    try {
      this.#onError?.(error, code);
    } catch {
      // A reporter that fails has nobody to report it to.
    }
  }
}
