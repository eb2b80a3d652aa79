import type { SavedMutation, SettledRecord } from './log/mutation-record.ts';
import type { ArgsOf, Model, MutationName } from './model/index.ts';
import type { LiveQueryOptions } from './query/live-options.ts';

/** Mutations without effect that wait until the app (the person) has dealt with each: once, by whichever tab. */
export interface NeedsAttention<M extends Model, State extends 'rejected' | 'dead'> {
  /** Those that wait now, the oldest first. */
  read(): Promise<SettledRecord<M, MutationName<M>, State>[]>;
  /** Calls back soon and after every change; returns unsubscribe. */
  watch(listener: (records: SettledRecord<M, MutationName<M>, State>[]) => void): () => void;
  /** TanStack Query options for the same, kept up to date by changes. */
  query(): LiveQueryOptions<SettledRecord<M, MutationName<M>, State>[]>;

  /** The person has seen it, and nothing more is to be done. Does nothing when that is so already. */
  dismiss(key: string): Promise<void>;
}

/** The server refused these. */
export interface Refusals<M extends Model> extends NeedsAttention<M, 'rejected'> {
  /**
   * Does the same once more as a new mutation: same arguments, a new key, now. The old one is dealt with from then on;
   * both are one write, so two taps, or two tabs, never send it twice.
   *
   * @throws DealtWithError when somebody was faster; nothing was sent.
   * @throws NotSavedError when the disk refused; nothing was sent, and the old one still waits.
   */
  retry(key: string): Promise<SavedMutation<M>>;

  /**
   * The same with other arguments, which the model checks as in `mutate`.
   *
   * @param record the refused one; when its `name` is known to the compiler, so are the arguments
   * @throws InvalidArgsError and what {@link retry} throws; nothing was sent.
   */
  resend<N extends MutationName<M>>(
    record: { readonly key: string; readonly name: N },
    args: ArgsOf<M, N>,
  ): Promise<SavedMutation<M, N>>;
}

/** What the person says who does a dead letter again although operations may still have the old one run. */
export interface RetryDead {
  /** True: happening twice is harmless, or the server itself sees to it that it cannot (`onceBy`). */
  readonly mayRunTwice?: boolean | undefined;
}

/**
 * The server gave up on these: its mutator kept failing, or it does not know their name. Operations may still have one
 * run, and then its record becomes `applied` or `rejected` by itself; or they close it, and it has a `closeReason`.
 *
 * Doing one again is safe once it is closed: the server never runs a closed one. Before that, both could take
 * effect, so `retry` and `resend` refuse. Say `mayRunTwice` where twice is harmless, or where the server cannot do it twice
 * because the mutation is declared once by a business key (`onceBy`).
 */
export interface DeadLetters<M extends Model> extends NeedsAttention<M, 'dead'> {
  /** As {@link Refusals.retry}. @throws MayStillRunError, also while the device has not heard yet that it was closed. */
  retry(key: string, options?: RetryDead): Promise<SavedMutation<M>>;
  /** As {@link Refusals.resend}. @throws MayStillRunError, as `retry` does */
  resend<N extends MutationName<M>>(
    record: { readonly key: string; readonly name: N },
    args: ArgsOf<M, N>,
    options?: RetryDead,
  ): Promise<SavedMutation<M, N>>;
}
