import type { Actor } from './client-options.ts';
import type { MutationFilter, MutationRecord, SavedMutation, SettledRecord } from './log/mutation-record.ts';
import type { ArgsOf, CollectionName, Model, MutationName, RowOf } from './model/index.ts';
import type { LiveQueryOptions } from './query/live-options.ts';
import type { DeadLetters, Refusals } from './refusals.ts';
import type { Query } from './replica/query.ts';
import type { SignOutOptions } from './sign-out.ts';
import type { Status } from './status.ts';

/** One person's data on this device: what they did, and what the server says. */
export interface Client<M extends Model> {
  /** Whose data it is, as given to `createClient`. */
  readonly actor: Actor;
  /** This install's name to the server. It changes when another device turns out to use the same one. */
  readonly clientId: string;

  /**
   * Does a mutation: resolves when it is safely on disk, and sends it when there is a line.
   *
   * @param name one of the model's mutations
   * @param args what its schema accepts, in values that JSON has; money as whole paise
   * @returns its key, and `confirmed`: a promise of the server's outcome, which may be days away
   * @example
   * const saved = await client.mutate('confirmDelivery', { deliveryId: 'd0001', amountPaise: 124_000 });
   * const record = await saved.confirmed;
   * console.log(record.state === 'applied' ? record.result.receiptNo : record.error.code);
   * @throws InvalidArgsError before anything is kept.
   * @throws NotSavedError when the disk refused; nothing was kept.
   * @throws StoreTooNewError when a newer version of the app has taken over the data, in another tab.
   */
  mutate<N extends MutationName<M>>(name: N, args: ArgsOf<M, N>): Promise<SavedMutation<M, N>>;

  /**
   * Reads the rows that fit, as they are now, pending mutations included. The rows are shared: don't change them.
   *
   * @example
   * const due = await client.read('deliveries', { where: { status: 'pending', amountPaise: { gte: 100_00 } }, limit: 20 });
   * @throws TypeError when the model has no such collection or field, or an operator, a bound or the limit is none;
   * ClosedError.
   */
  read<C extends CollectionName<M>>(collection: C, query?: Query<RowOf<M, C>>): Promise<RowOf<M, C>[]>;
  /**
   * The same, again and again: calls back soon, and after every change that alters the answer.
   *
   * @returns unsubscribe
   * @throws what {@link read} throws, at once.
   */
  watch<C extends CollectionName<M>>(
    collection: C,
    query: Query<RowOf<M, C>>,
    listener: (rows: RowOf<M, C>[]) => void,
  ): () => void;
  /**
   * The same as options for TanStack Query (`useQuery(client.query(…))` and its likes), kept up to date by changes:
   * nothing is refetched.
   */
  query<C extends CollectionName<M>>(collection: C, query?: Query<RowOf<M, C>>): LiveQueryOptions<RowOf<M, C>[]>;

  /** How many rows fit, whatever the limit: read once, called back on each change, or as query options. */
  readonly count: {
    /** The number as it is now. */
    read<C extends CollectionName<M>>(collection: C, query?: Query<RowOf<M, C>>): Promise<number>;
    /** Calls back soon, and whenever it is another one. @returns unsubscribe */
    watch<C extends CollectionName<M>>(
      collection: C,
      query: Query<RowOf<M, C>>,
      listener: (count: number) => void,
    ): () => void;
    /** Options for TanStack Query. */
    query<C extends CollectionName<M>>(collection: C, query?: Query<RowOf<M, C>>): LiveQueryOptions<number>;
  };

  /** The mutation log, oldest first: pending mutations, and those whose outcomes are still kept. */
  readMutations<N extends MutationName<M> = MutationName<M>>(
    filter?: MutationFilter<N>,
  ): Promise<MutationRecord<M, N>[]>;
  /** The same, again and again: calls back soon, and after every change of one of them. @returns unsubscribe */
  watchMutations<N extends MutationName<M> = MutationName<M>>(
    filter: MutationFilter<N>,
    listener: (records: MutationRecord<M, N>[]) => void,
  ): () => void;
  /** The same as options for TanStack Query. */
  mutations<N extends MutationName<M> = MutationName<M>>(
    filter?: MutationFilter<N>,
  ): LiveQueryOptions<MutationRecord<M, N>[]>;

  /**
   * Resolves when the mutation of this key has its outcome, also one of an earlier session or another tab.
   *
   * @throws UnknownKeyError when the log does not have it: it never had, or its outcome is no longer kept.
   * @throws ThinnedError when the model let it go unsent.
   * @throws ClosedError when the client is closed before.
   */
  outcome(key: string): Promise<SettledRecord<M>>;

  /** Mutations that the server refused, and that nobody has dealt with yet. */
  readonly rejections: Refusals<M>;
  /** Mutations that the server gave up on, and that nobody has dealt with yet. */
  readonly deadLetters: DeadLetters<M>;

  /** How the client stands, for `useSyncExternalStore` and the like. */
  readonly status: {
    /** As it is now: the same object until something changes. */
    get(): Status;
    /** Calls back after each change. @returns unsubscribe */
    subscribe(listener: () => void): () => void;
  };

  /** The person has heard that data was lost (`status.storeLost`). */
  acknowledgeLoss(): Promise<void>;

  /**
   * Syncs now. Resolves when everything pending was pushed and the replica was complete.
   *
   * @throws SyncError when the try failed; the client goes on trying by itself.
   */
  sync(): Promise<void>;

  /**
   * Ends this person's stay on this device: closes the client, here and in every other tab, and destroys the store with all
   * that is in it. Who only closes the app calls {@link close}.
   *
   * @throws UnsentError while mutations have no outcome, or refusals wait for somebody; then nothing has changed.
   */
  signOut(options?: SignOutOptions): Promise<void>;

  /** Stops syncing and closes the store; nothing is lost. */
  close(): Promise<void>;
}
