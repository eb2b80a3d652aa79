import pRetry from 'p-retry';
import { type Deferred, deferred } from '../deferred.ts';
import { ClosedError, messageOf, StoreFullError, StoreTooNewError, SyncError } from '../errors.ts';
import { random } from '../ids.ts';
import type { Platform } from '../platform.ts';
import type { StatusBoard } from '../status.ts';
import {
  atStart,
  begin,
  type Effect,
  type Event,
  type Outcome,
  type Step,
  step,
  type Surroundings,
} from './machine.ts';
import type { PassResult } from './pass.ts';

/** What the loop needs to work. */
export interface LoopOptions {
  /** Runs one full synchronisation; alone, whatever tabs there are. */
  readonly pass: (push: boolean) => Promise<PassResult>;
  /** A mutation was made: a pull that is on its way should give way. */
  readonly hurry: () => void;
  /** Looks on disk for what other tabs did. */
  readonly look: () => void;
  /** Called after each pass that succeeded. */
  readonly tidy: () => Promise<void>;
  readonly hasPending: () => boolean;
  readonly platform: Platform;
  readonly status: StatusBoard;
  /** Aborted when the client closes. */
  readonly closing: AbortSignal;
}

/** Runs what the machine decides: it owns the timers, the passes and those who asked for one. */
export class SyncLoop {
  readonly #options: LoopOptions;
  #state = atStart;
  /** Resolves when the machine wants a pass, or is closed. */
  #turn = deferred<void>();
  #push = false;
  #waiters: Deferred<void>[] = [];
  /** Those who asked for the pass that is under way. */
  #asking: Deferred<void>[] = [];
  readonly #timers = new Map<'timer' | 'released', unknown>();
  #running: Promise<void> | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#take(begin(this.#around()));
    this.#running = this.#run();
  }

  /** Something happened that may be a reason to sync. */
  tell(event: Event): void {
    this.#take(step(this.#state, event, this.#around()));
  }

  /** Resolves after the next pass that starts from now on, rejects if its try fails. */
  sync(): Promise<void> {
    if (this.#options.closing.aborted) return Promise.reject(new ClosedError());
    const waiter = deferred<void>();
    this.#waiters.push(waiter);
    this.tell({ name: 'sync' });
    return waiter.promise;
  }

  /** Waits until the loop has stopped; `closing` must be aborted before. */
  async close(): Promise<void> {
    this.tell({ name: 'close' });
    this.#clear('timer');
    this.#clear('released');
    this.#turn.resolve();
    await this.#running;
    // Also those whose pass never came.
    for (const waiter of [...this.#asking, ...this.#waiters]) waiter.reject(new ClosedError());
  }

  async #run(): Promise<void> {
    const { closing, tidy, status } = this.#options;
    while (await this.#nextTurn()) {
      try {
        const { held } = await this.#passUntilDone();
        this.#ended(held ? { name: 'held', retryAfterMs: held.retryAfterMs } : { name: 'complete' });
        if (!closing.aborted) await tidy();
      } catch (error) {
        // A failed try is in the status already, and a follower leaves it at that.
        if (!(error instanceof SyncError) && !closing.aborted) status.failed('not_saved', error);
      }
    }
  }

  /**
   * One try after the other, until one succeeds. p-retry counts them; when each is due, the machine says. It gets no
   * signal: it refuses React Native's, and what waits here ends with the turn.
   */
  #passUntilDone(): Promise<PassResult> {
    const { closing } = this.#options;
    return pRetry(() => this.#try(), {
      retries: Infinity,
      minTimeout: 0,
      onFailedAttempt: async ({ error, retriesConsumed }) => {
        const { recovery, retryAfterMs } = asSyncError(error);
        this.#ended({ name: recovery, retryAfterMs, failedBefore: retriesConsumed });
        if (this.#state.name !== 'following') await this.#nextTurn();
      },
      shouldRetry: () => !closing.aborted && this.#state.name !== 'following',
    });
  }

  async #try(): Promise<PassResult> {
    const { status, pass, closing } = this.#options;
    const asking = this.#asking.splice(0);
    const push = this.#push;
    status.set({ syncing: true });
    try {
      const result = await pass(push);
      const { held, diverged } = result;
      const stop = held && new SyncError(held.code, `The server stopped at mutation ${held.id} (${held.code})`);
      const apart = diverged.length > 0 && {
        code: 'diverged',
        message: `Not as the server has it: ${diverged.join(', ')}`,
      };
      // What only pulled says nothing about why the push is held.
      const heldStill = push ? null : status.get().lastError;
      status.set({ needsToken: false, updateRequired: false, lastError: stop ? problemOf(stop) : apart || heldStill });
      for (const waiter of asking) {
        if (stop) waiter.reject(stop);
        else waiter.resolve();
      }
      return result;
    } catch (error) {
      const failure = asSyncError(error);
      for (const waiter of asking) waiter.reject(closing.aborted ? new ClosedError() : failure);
      status.set({
        needsToken: failure.recovery === 'token',
        updateRequired: failure.code === 'model_too_old' || failure.code === 'store_too_new',
        lastError: problemOf(failure),
      });
      if (!closing.aborted) status.report(failure.code, failure);
      throw failure;
    } finally {
      status.set({ syncing: false });
    }
  }

  /** False when the client closes instead. */
  async #nextTurn(): Promise<boolean> {
    const { closing } = this.#options;
    if (!closing.aborted) await this.#turn.promise;
    this.#turn = deferred();
    return !closing.aborted;
  }

  #ended(outcome: Outcome): void {
    this.tell({ name: 'ended', outcome });
  }

  #around(): Surroundings {
    const { platform, hasPending } = this.#options;
    return {
      now: platform.now(),
      random: random(platform),
      pending: hasPending(),
      visible: platform.visible?.() ?? true,
    };
  }

  #take([state, effects]: Step): void {
    this.#state = state;
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case 'pass':
        this.#clear('timer');
        this.#push = effect.push;
        this.#asking = this.#waiters.splice(0);
        return this.#turn.resolve();
      case 'wait':
        return this.#after(effect.ms, 'timer');
      case 'hold':
        return this.#after(effect.ms, 'released');
      case 'release':
        return this.#clear('released');
      case 'hurry':
        return this.#options.hurry();
      case 'look':
        return this.#options.look();
    }
  }

  #after(ms: number, name: 'timer' | 'released'): void {
    this.#clear(name);
    this.#timers.set(
      name,
      this.#options.platform.setTimeout(() => this.tell({ name }), ms),
    );
  }

  #clear(name: 'timer' | 'released'): void {
    this.#options.platform.clearTimeout(this.#timers.get(name));
  }
}

function asSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  if (error instanceof StoreTooNewError || error instanceof StoreFullError) {
    return new SyncError(error.code, error.message, { recovery: 'paused', cause: error });
  }
  return new SyncError('not_saved', messageOf(error), { cause: error });
}

function problemOf({ code, message }: SyncError): { code: string; message: string } {
  return { code, message };
}
