import type { Model, MutationName, ParsedArgsOf, RejectOf, ResultOf } from '@ekbaar/sdk/model';
import type { Queryable } from '../db/database.ts';
import type { Actor } from './actor.ts';
import { isCode, keepable } from './outcome.ts';

/** What a mutator works with. Everything it writes commits together with its receipt, or not at all. */
export interface MutationContext<Reject extends string = string> {
  /** Drizzle, inside the engine's transaction and under the tenant's row-level security. */
  readonly db: Queryable;
  readonly tenant: string;
  readonly actor: Actor;
  /** The mutation's idempotency key: the same for every try, also after a restored backup. */
  readonly key: string;
  /** When the person acted, by the device's clock; a time in the future counts as now. Evidence, never order. */
  readonly at: Date;
  /** The server's time. */
  readonly now: Date;
  /**
   * Says no: effects are rolled back and the person is told. Of the message 2,000 characters are kept.
   *
   * @throws TypeError for a code that is empty, longer than 64 characters or no text of PostgreSQL's, and for details that
   * are no JSON, deeper than 50 levels or more than 32 KiB: as any throw, a bug that stops the queue
   */
  reject(code: Reject, message: string, details?: Record<string, unknown>): never;
  /** Puts a job in the outbox. It runs after the commit, at least once; hand its `key` to the other side. */
  enqueue(queue: string, data: Record<string, unknown>): Promise<void>;
}

/** One of a run: mutations of the same name that are done together, of one client's log or of several actors. */
export interface RunItem<Args = unknown> {
  readonly actor: Actor;
  readonly args: Args;
  readonly key: string;
  readonly at: Date;
}

/** What became of one of a run. */
export type RunOutcome<Result = unknown, Reject extends string = string> =
  | { readonly result: Result }
  | {
      readonly reject: { readonly code: Reject; readonly message: string; readonly details?: Record<string, unknown> };
    };

/** What a run works with: as for a single mutation, but for what is of each one. */
export interface RunContext extends Pick<MutationContext, 'db' | 'tenant' | 'now'> {
  /** Puts jobs in the outbox, each with the key of the mutation it comes from. */
  enqueueAll(queue: string, jobs: readonly (Record<string, unknown> & { readonly key: string })[]): Promise<void>;
  /** Gives up on the run, as any throw does: its mutations are done one by one. For what they are to each other. */
  oneByOne(): never;
}

/**
 * The same mutation for many at once, in few statements. Must come to the same results and the same rejections as one by
 * one, in order; one that it rejects must have written nothing. When it throws, all it did is rolled back and the
 * mutations are done one by one.
 */
export interface BatchMutator<Args = unknown, Result = unknown, Reject extends string = string> {
  /** As `Mutator.onceBy`, one for each item. */
  onceBy?(context: RunContext, items: readonly RunItem<Args>[]): Promise<readonly (string | null)[]>;
  /** One outcome for each item, in their order. */
  run(context: RunContext, items: readonly RunItem<Args>[]): Promise<readonly RunOutcome<Result, Reject>[]>;
}

/** The server's side of a mutation. */
export interface Mutator<Args = unknown, Result = unknown, Reject extends string = string> {
  /** The roles that may do it. */
  readonly roles: readonly string[];
  /**
   * The business key that this mutation uses up, read from the locked row (never from what the device says alone);
   * null when there is none. A second mutation with the same key is rejected `already_done`.
   */
  onceBy?(context: MutationContext<Reject>, args: Args): Promise<string | null>;
  /**
   * Args of older models, brought up to date: `{ 3: upcast }` is for args of models before version 3. They apply in
   * order, before the schema is asked; what is kept and compared is always what came.
   */
  readonly upcast?: Readonly<Record<number, (args: unknown) => unknown>>;
  /** The part of the first one's result that whoever comes second may see. */
  publicResult?(result: Result): Record<string, unknown>;
  /**
   * @returns what the receipt says beside `applied`: at most 32 KiB of JSON, no deeper than 50 levels; null is nothing, as
   * undefined is. Anything else is as a throw: nothing is kept, and the queue stops
   */
  run(context: MutationContext<Reject>, args: Args): Promise<Result>;
  /** The faster way for several at once. A mutator with `onceBy` needs it here too. */
  readonly batch?: BatchMutator<Args, Result, Reject>;
}

/** One mutator for each mutation of the model. */
export type Mutators<M extends Model> = {
  readonly [N in MutationName<M>]: Mutator<ParsedArgsOf<M, N>, ResultOf<M, N>, RejectOf<M, N>>;
};

/** A business no, on its way from the mutator to its receipt. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  readonly code: string;
  /** As a receipt holds them. */
  readonly details: unknown;

  /** @param name the mutation's */
  constructor(name: string, code: string, message: string, details?: Record<string, unknown>) {
    super(message);
    if (!isCode(code))
      throw new TypeError(`A code of 1 to 64 characters says why not "${name}", and not ${JSON.stringify(code)}`);
    this.code = code;
    this.details = keepable(details, `What "${name}" rejects with`);
  }
}
