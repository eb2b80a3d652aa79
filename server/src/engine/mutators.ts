import type { Model, MutationName, ParsedArgsOf, RejectOf, ResultOf } from '@ekbaar/sdk/model';
import type { Queryable } from '../db/database.ts';
import type { Actor } from './actor.ts';

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
  /** Says no: effects are rolled back and the person is told. */
  reject(code: Reject, message: string, details?: Record<string, unknown>): never;
  /** Puts a job in the outbox. It runs after the commit, at least once; hand its `key` to the other side. */
  enqueue(queue: string, data: Record<string, unknown>): Promise<void>;
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
  /** The part of the first one's result that whoever comes second may see. */
  publicResult?(result: Result): Record<string, unknown>;
  run(context: MutationContext<Reject>, args: Args): Promise<Result>;
}

/** One mutator for each mutation of the model. */
export type Mutators<M extends Model> = {
  readonly [N in MutationName<M>]: Mutator<ParsedArgsOf<M, N>, ResultOf<M, N>, RejectOf<M, N>>;
};

/** A business no, on its way from the mutator to its receipt. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  readonly code: string;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: string, message: string, details?: Record<string, unknown>) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
