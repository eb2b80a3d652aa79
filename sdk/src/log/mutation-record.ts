import type { ArgsOf, Model, MutationName, ResultOf } from '../model/index.ts';
import type { MutationError } from '../protocol/index.ts';
import type { LogEntry } from './entry.ts';

/**
 * How a mutation stands. `saved`: only on this device. `sent`: handed to the network, no outcome yet.
 * `applied`, `rejected`, `dead`: the server's outcome, stored on the device.
 */
export type MutationState = 'saved' | 'sent' | 'applied' | 'rejected' | 'dead';

/** One mutation of the log as the app sees it. Told apart by `name`. */
export type MutationRecord<M extends Model = Model, N extends MutationName<M> = MutationName<M>> = {
  [Name in N]: {
    /** Position in this client's log; another one after the client had to take a new id. Use `key` to recognise it. */
    readonly id: number;
    /** Idempotency key: the same for ever. */
    readonly key: string;
    readonly name: Name;
    readonly args: ArgsOf<M, Name>;
    /** When the person acted, by the device's clock (ISO 8601). */
    readonly at: string;
    readonly state: MutationState;
    /** What the server answered, when applied. */
    readonly result?: ResultOf<M, Name> | undefined;
    /** Why it had no effect, when rejected or dead. */
    readonly error?: MutationError | undefined;
    /** When dead: why operations closed it for good, in their words. Until then they may still have it run. */
    readonly closeReason?: string | undefined;
    /** Key of the refused mutation in whose place this one was made. */
    readonly replaces?: string | undefined;
    /** Key of the mutation that was made in the place of this refused one. */
    readonly replacedBy?: string | undefined;
  };
}[N];

/** What `mutate()` gives once the mutation is safely on disk. */
export interface SavedMutation<M extends Model = Model, N extends MutationName<M> = MutationName<M>> {
  readonly id: number;
  readonly key: string;
  /**
   * Resolves when the server's outcome is stored; rejects with ClosedError when the client is closed before.
   * After a restart, `client.outcome(key)` gives the same.
   */
  readonly confirmed: Promise<MutationRecord<M, N>>;
}

/** Which mutations of the log are asked for. */
export interface MutationFilter<Name extends string = string> {
  readonly name?: Name | undefined;
}

export function toRecord(entry: LogEntry): MutationRecord {
  const { id, key, name, args, at, receipt, closeReason, replaces, replacedBy } = entry;
  const state = receipt?.status ?? (entry.sent ? 'sent' : 'saved');
  const outcome = receipt && { result: receipt.result as undefined, error: receipt.error };
  return {
    ...{ id, key, name, args, at, state, ...outcome },
    ...(closeReason !== undefined && { closeReason }),
    ...(replaces !== undefined && { replaces }),
    ...(replacedBy !== undefined && { replacedBy }),
  };
}
