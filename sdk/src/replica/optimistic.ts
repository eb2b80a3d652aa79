import type { CollectionName, Model, MutationName, ParsedArgsOf, RowOf } from '../model/index.ts';

/** The rows as they stand with the pending mutations before this one. Synchronous; changes are shown, not kept. */
export interface OptimisticReplica<M extends Model = Model> {
  /** A copy of the row, or undefined when there is none. */
  get<C extends CollectionName<M>>(collection: C, id: string): RowOf<M, C> | undefined;
  put<C extends CollectionName<M>>(collection: C, row: RowOf<M, C>): void;
  /** Changes some fields; does nothing when the row is not there. */
  update<C extends CollectionName<M>>(collection: C, id: string, fields: Partial<RowOf<M, C>>): void;
  delete<C extends CollectionName<M>>(collection: C, id: string): void;
}

/**
 * What a mutation does at once on the device, until the server has spoken. It runs again whenever the rows under it
 * change, so it must depend on nothing but its arguments and the replica.
 */
export type OptimisticEffect<M extends Model, N extends MutationName<M>> = (
  replica: OptimisticReplica<M>,
  args: ParsedArgsOf<M, N>,
  meta: {
    /** The mutation's idempotency key: derive the ids of new rows from it. */
    readonly key: string;
    /** When the person acted (ISO 8601). */
    readonly at: string;
  },
) => void;

export type OptimisticEffects<M extends Model> = { readonly [N in MutationName<M>]?: OptimisticEffect<M, N> };
