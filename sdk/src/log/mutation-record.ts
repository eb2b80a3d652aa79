import type { ArgsOf, Model, MutationName, RejectOf, ResultOf } from '../model/index.ts';
import type { DeadCode, RejectedCode } from '../protocol/index.ts';
import type { LogEntry } from './entry.ts';
import { type Refusal, refusalOf } from './refusal.ts';

/**
 * How a mutation stands. `saved`: only on this device. `sent`: handed to the network, no outcome yet.
 * `applied`, `rejected`, `dead`: the server's outcome, stored on the device.
 */
export type MutationState = 'saved' | 'sent' | 'applied' | 'rejected' | 'dead';

/** The server's outcome, or none yet. Told apart by `state`. */
export type OutcomeOf<M extends Model, Name extends MutationName<M>> =
  | { readonly state: 'saved' | 'sent'; readonly result?: undefined; readonly error?: undefined }
  | { readonly state: 'applied'; readonly result: ResultOf<M, Name>; readonly error?: undefined }
  | {
      readonly state: 'rejected';
      readonly result?: undefined;
      readonly error: Refusal<RejectOf<M, Name> | RejectedCode>;
    }
  | { readonly state: 'dead'; readonly result?: undefined; readonly error: Refusal<DeadCode> };

/** What the log has of a mutation, whatever its outcome. */
export interface MutationFacts<M extends Model, Name extends MutationName<M>> {
  /** Position in this client's log; another one after the client had to take a new id. Use `key` to recognise it. */
  readonly id: number;
  /** Idempotency key: the same for ever. */
  readonly key: string;
  /** Which mutation it is. */
  readonly name: Name;
  /** As the app gave them. */
  readonly args: ArgsOf<M, Name>;
  /** When the person acted, by the device's clock (ISO 8601). */
  readonly at: string;
  /** When dead: why operations closed it for good, in their words. Until then they may still have it run. */
  readonly closeReason?: string | undefined;
  /** Key of the refused mutation in whose place this one was made. */
  readonly replaces?: string | undefined;
  /** Key of the mutation that was made in the place of this refused one. */
  readonly replacedBy?: string | undefined;
}

/**
 * One mutation of the log as the app sees it. `name` tells its `args`, `result` and codes apart, `state` whether it has
 * a `result` (applied) or an `error` (rejected, dead).
 */
export type MutationRecord<M extends Model = Model, N extends MutationName<M> = MutationName<M>> = {
  [Name in N]: MutationFacts<M, Name> & OutcomeOf<M, Name>;
}[N];

/** A mutation that has its outcome: of whatever kind, or of the one named. */
export type SettledRecord<
  M extends Model = Model,
  N extends MutationName<M> = MutationName<M>,
  State extends 'applied' | 'rejected' | 'dead' = 'applied' | 'rejected' | 'dead',
> = Extract<MutationRecord<M, N>, { readonly state: State }>;

/** What `mutate()` gives once the mutation is safely on disk. */
export interface SavedMutation<M extends Model = Model, N extends MutationName<M> = MutationName<M>> {
  readonly id: number;
  readonly key: string;
  /**
   * Resolves when the server's outcome is stored; rejects with ClosedError when the client is closed before, with
   * ThinnedError when the model let it go unsent, and with UnknownKeyError when another tab had forgotten the outcome
   * (`keepOutcomesMs`) before this one, asleep, heard of it. After a restart, `client.outcome(key)` gives the same.
   */
  readonly confirmed: Promise<SettledRecord<M, N>>;
}

/** Which mutations of the log are asked for. */
export interface MutationFilter<Name extends string = string> {
  readonly name?: Name | undefined;
}

/** @param rejects the codes that the model declares for this mutation */
export function toRecord(entry: LogEntry, rejects: readonly string[]): MutationRecord {
  const { id, key, name, args, at, receipt, closeReason, replaces, replacedBy } = entry;
  const outcome = { state: receipt?.status ?? (entry.sent ? 'sent' : 'saved'), result: receipt?.result };
  const refused = receipt && receipt.status !== 'applied';
  return {
    ...{ id, key, name, args, at, ...outcome },
    ...(refused && { error: refusalOf(receipt.error, rejects) }),
    ...(closeReason !== undefined && { closeReason }),
    ...(replaces !== undefined && { replaces }),
    ...(replacedBy !== undefined && { replacedBy }),
    // The compiler does not know that a receipt's status goes with its result and error.
  } as MutationRecord;
}
