import pRetry from 'p-retry';
import { type Deferred, deferred } from '../deferred.ts';
import { ClosedError, StoreTooNewError, SyncError } from '../errors.ts';
import { random } from '../ids.ts';
import type { Platform } from '../platform.ts';
import type { StatusBoard } from '../status.ts';
import { Alarm, type Wake } from './alarm.ts';
import type { PassResult } from './pass.ts';

/** How long the loop waits without any reason to wake, and how long a follower lets its own mutations wait. */
const idleMs = 60_000;
const firstBackoffMs = 1_000;
const mostBackoffMs = 60_000;
const firstTokenWaitMs = 5_000;
const mostTokenWaitMs = 120_000;
const pausedMs = 10 * 60_000;
/** No hold is a hot loop or for ever, whatever the server asks for. */
const leastHoldMs = 1_000;
const mostHoldMs = 10 * 60_000;

const everything: readonly Wake[] = ['start', 'mutation', 'poke', 'online', 'visible', 'sync'];

const everythingButMutations = everything.filter((wake) => wake !== 'mutation');

/** What ends each wait early. What the server asked for, only a person cuts short. */
const wakesFrom: Record<SyncError['recovery'], readonly Wake[]> = {
  backoff: ['start', 'poke', 'online', 'visible', 'sync'],
  asked: ['sync'],
  hinted: ['start', 'online', 'visible', 'sync'],
  token: ['start', 'online', 'visible', 'sync'],
  paused: ['start', 'mutation', 'sync'],
};

/** What the loop needs to work. */
export interface LoopOptions {
  /** Runs one full synchronisation; alone, whatever tabs there are. */
  readonly pass: (push: boolean) => Promise<PassResult>;
  /** Called after each pass that succeeded. */
  readonly tidy: () => Promise<void>;
  readonly hasPending: () => boolean;
  readonly platform: Platform;
  readonly status: StatusBoard;
  /** Aborted when the client closes. */
  readonly closing: AbortSignal;
}

/**
 * Decides when to sync. The states and what moves between them are in ARCHITECTURE.md, beside this file.
 * A loop that does not lead (another tab does) syncs only when asked, or when mutations have waited too long.
 */
export class SyncLoop {
  readonly #options: LoopOptions;
  readonly #alarm: Alarm;
  #waiters: Deferred<void>[] = [];
  #leading = false;
  /** Until it goes off, mutations are not pushed: the server asked for patience. */
  #hold: { timer: unknown } | undefined;
  /** How often in a row it did. */
  #stops = 0;
  #running: Promise<void> | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.platform);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** From now on, or no longer, this is the one tab that syncs by itself. */
  lead(leading: boolean): void {
    this.#leading = leading;
    if (leading) this.#alarm.ring('start');
  }

  wake(wake: Exclude<Wake, 'start' | 'sync' | 'close'>): void {
    if (this.#leading) this.#alarm.ring(wake);
  }

  /** Resolves after the next pass that starts from now on, rejects if its try fails. */
  sync(): Promise<void> {
    if (this.#options.closing.aborted) return Promise.reject(new ClosedError());
    const waiter = deferred<void>();
    this.#waiters.push(waiter);
    this.#alarm.ring('sync');
    return waiter.promise;
  }

  /** Waits until the loop has stopped; `closing` must be aborted before. */
  async close(): Promise<void> {
    this.#release();
    this.#alarm.ring('close');
    await this.#running;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new ClosedError());
  }

  async #run(): Promise<void> {
    const { closing, hasPending, tidy, status } = this.#options;
    while (!closing.aborted) {
      await this.#alarm.sleep(this.#idleMs(), this.#hold ? everythingButMutations : everything);
      if (closing.aborted) return;
      if (!this.#leading && this.#waiters.length === 0 && !hasPending()) continue;
      try {
        await this.#passUntilDone(closing);
        await tidy();
      } catch (error) {
        // A failed try is in the status already, and a follower leaves it at that.
        if (!(error instanceof SyncError) && !closing.aborted) status.failed('not_saved', error);
      }
    }
  }

  /** One try after the other, until one succeeds. p-retry counts; the waits are ours, on the platform's timers. */
  #passUntilDone(signal: AbortSignal): Promise<void> {
    return pRetry(() => this.#pass(), {
      signal,
      retries: Infinity,
      minTimeout: 0,
      shouldRetry: () => this.#leading || this.#waiters.length > 0,
      onFailedAttempt: async ({ error, retriesConsumed }) => {
        if (!this.#leading && this.#waiters.length === 0) return;
        const failure = asSyncError(error);
        await this.#alarm.sleep(this.#waitMs(failure, retriesConsumed), wakesFrom[failure.recovery]);
      },
    });
  }

  async #pass(): Promise<void> {
    const { status, pass, closing } = this.#options;
    const waiters = this.#waiters.splice(0);
    // Who asks by hand does not wait for the hold to end.
    const push = !this.#hold || waiters.length > 0;
    this.#alarm.clear();
    status.set({ syncing: true });
    try {
      const { held, diverged } = await pass(push);
      const stop = held && new SyncError(held.code, `The server stopped at mutation ${held.id} (${held.code})`);
      const apart = diverged.length > 0 && {
        code: 'diverged',
        message: `Not as the server has it: ${diverged.join(', ')}`,
      };
      const heldStill = this.#hold && !push ? status.get().lastError : null;
      status.set({ needsToken: false, updateRequired: false, lastError: stop ? problemOf(stop) : apart || heldStill });
      if (held) this.#holdFor(held.retryAfterMs);
      else if (push) this.#goOn();
      for (const waiter of waiters) {
        if (stop) waiter.reject(stop);
        else waiter.resolve();
      }
    } catch (error) {
      const failure = asSyncError(error);
      for (const waiter of waiters) waiter.reject(closing.aborted ? new ClosedError() : failure);
      status.set({
        needsToken: failure.recovery === 'token',
        updateRequired: failure.code === 'model_too_old' || failure.code === 'store_too_new',
        lastError: problemOf(failure),
      });
      throw failure;
    } finally {
      status.set({ syncing: false });
    }
  }

  #holdFor(retryAfterMs: number | undefined): void {
    this.#release();
    const ms =
      retryAfterMs === undefined
        ? this.#fullJitter(firstBackoffMs, mostBackoffMs, this.#stops)
        : Math.min(Math.max(retryAfterMs, leastHoldMs), mostHoldMs);
    this.#stops += 1;
    const timer = this.#options.platform.setTimeout(() => {
      this.#hold = undefined;
      if (this.#leading) this.#alarm.ring('start');
    }, ms);
    this.#hold = { timer };
  }

  #goOn(): void {
    this.#release();
    this.#stops = 0;
  }

  #release(): void {
    if (this.#hold) this.#options.platform.clearTimeout(this.#hold.timer);
    this.#hold = undefined;
  }

  #waitMs({ recovery, retryAfterMs }: SyncError, failedBefore: number): number {
    switch (recovery) {
      case 'backoff':
        return this.#fullJitter(firstBackoffMs, mostBackoffMs, failedBefore);
      case 'asked':
      case 'hinted':
        // Whoever was sent away with the same number must not come back in the same moment.
        return retryAfterMs + this.#fullJitter(Math.max(retryAfterMs / 2, firstBackoffMs), mostBackoffMs, 0);
      case 'token':
        return this.#fullJitter(firstTokenWaitMs, mostTokenWaitMs, failedBefore);
      case 'paused':
        return pausedMs;
    }
  }

  /** Uniform between 0 and an exponentially growing limit ("full jitter"), but never a busy loop. */
  #fullJitter(firstMs: number, mostMs: number, failedBefore: number): number {
    const limit = Math.min(firstMs * 2 ** failedBefore, mostMs);
    return Math.max(random(this.#options.platform) * limit, 50);
  }

  /** Not all phones in the same second. */
  #idleMs(): number {
    return idleMs * (0.9 + random(this.#options.platform) * 0.2);
  }
}

function asSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  if (error instanceof StoreTooNewError) {
    return new SyncError(error.code, error.message, { recovery: 'paused', cause: error });
  }
  return new SyncError('not_saved', error instanceof Error ? error.message : String(error), { cause: error });
}

function problemOf({ code, message }: SyncError): { code: string; message: string } {
  return { code, message };
}
