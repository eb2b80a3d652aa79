import type { CollectionName, Model, MutationName, ParsedArgsOf, RowOf } from '../model/index.ts';

/** The rows as they stand with the pending mutations before this one. Synchronous; changes are shown, not kept. */
export interface OptimisticReplica<M extends Model = Model> {
  /** A copy of the row, or undefined when there is none. */
  get<C extends CollectionName<M>>(collection: C, id: string): RowOf<M, C> | undefined;
  /** Puts a whole row, new or in place of another. @throws TypeError when it has no key. */
  put<C extends CollectionName<M>>(collection: C, row: RowOf<M, C>): void;
  /** Changes some fields; does nothing when the row is not there. */
  update<C extends CollectionName<M>>(collection: C, id: string, fields: Partial<RowOf<M, C>>): void;
  /** Takes a row away; does nothing when it is not there. */
  delete<C extends CollectionName<M>>(collection: C, id: string): void;
}

/** Whatever an effect gives back is ignored; but what gives a promise does its work too late. */
export type NoPromise = void | null | string | number | boolean | (object & { readonly then?: never });

/**
 * What a mutation does at once on the device, until the server has spoken. It runs again whenever the rows under it
 * change, so it must be synchronous and depend on nothing but its arguments and the replica.
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
) => NoPromise;

/**
 * What the app's mutations do at once, by their names; one that is not named shows nothing until the server has spoken.
 *
 * @example
 * const optimistic: OptimisticEffects<typeof model> = {
 *   confirmDelivery: (replica, { deliveryId }) => replica.update('deliveries', deliveryId, { status: 'confirmed' }),
 * };
 */
export type OptimisticEffects<M extends Model> = { readonly [N in MutationName<M>]?: OptimisticEffect<M, N> };
