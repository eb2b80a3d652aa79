/**
 * The tables every store has: `log` keyed by a number, `rows` by [collection, id], `meta` by a name.
 * Values are plain data (what structured clone and JSON both carry).
 */
export type Table = 'log' | 'rows' | 'meta';
/** What a value is found by. */
export type Key = number | string | readonly [string, string];

/** What an index orders by: numbers by size and before all strings, strings by code unit. */
export type IndexValue = number | string;
/** Where a row stands in an index: `[collection, field, value]`. */
export type IndexEntry = readonly [collection: string, field: string, value: IndexValue];

/** A value of `rows` that says in which indexes it stands. */
export interface Indexed {
  readonly index?: readonly IndexEntry[];
}

/**
 * Which values are listed. Bounds are inclusive; `first` takes every pair that starts with it; `index` takes the rows
 * that stand in the index of that collection and field, in its order (equal ones by id), `desc` from its end.
 */
export type Range =
  | { readonly from?: Key; readonly to?: Key }
  | { readonly first: string }
  | {
      readonly index: readonly [collection: string, field: string];
      readonly from?: IndexValue | undefined;
      readonly to?: IndexValue | undefined;
      readonly desc?: boolean | undefined;
    };

/** `durable`: the promise resolves only once the data would survive a flat battery. */
export type Mode = 'read' | 'write' | 'durable';

/** What a store's transaction can do. */
export interface Transaction {
  /** One value; undefined when there is none. */
  get(table: Table, key: Key): Promise<unknown>;
  /** In the order of the keys: numbers and strings by size, pairs by their first part and then their second. */
  list(table: Table, range?: Range, limit?: number): Promise<unknown[]>;
  /** In `rows`, a value's {@link Indexed.index} says by which indexes it will be found. */
  put(table: Table, key: Key, value: unknown): Promise<void>;
  /** Does nothing when there is none. */
  delete(table: Table, key: Key): Promise<void>;
  /** Deletes everything in the table. */
  clear(table: Table): Promise<void>;
}

/**
 * Where everything lives on the device. Small on purpose: a store is these few methods,
 * and one contract suite says what they must do.
 */
export interface Store {
  /** A name for the data, when other tabs of this origin may have it open too: they then share the work of syncing. */
  readonly sharedAs?: string | undefined;
  /** False: `list` by index is refused, and whole collections are read instead (encryption hides the fields). */
  readonly indexes: boolean;
  /** False: what is deleted keeps its room on the disk for long, so that deleting does not help when it is full. */
  readonly deletingFrees?: boolean | undefined;
  /** Room on the disk that is kept free for the mutation log. Absent: this store has none. */
  readonly reserve?: Reserve | undefined;
  /**
   * Runs `body` alone on `tables`: all of its writes happen, or none (when it throws, or the disk refuses).
   * The body may await nothing but the transaction's own operations. It runs again when a store cannot be sure of
   * what it has read: it must do nothing but read, write and give its result.
   *
   * @throws StoreFullError when the disk is full.
   */
  transaction<T>(tables: readonly Table[], mode: Mode, body: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Waits for what is under way, then lets go. Afterwards every transaction is refused. */
  close(): Promise<void>;
  /** Closes, and deletes everything, for ever. Others who have it open find it empty. */
  destroy(): Promise<void>;
}

/** Room on the disk that nothing but the mutation log gets, when everything else is full. */
export interface Reserve {
  /** Takes the room, if it is not taken yet. @returns whether it is now; never throws. */
  hold(): Promise<boolean>;
  /** Gives it back, for the log to use. @returns whether there was any; never throws. */
  release(): Promise<boolean>;
}

/** Opens the store called `name`, making it when there is none; many may have it open (tabs). */
export interface StoreFactory {
  (name: string): Promise<Store>;
  /** Deletes what is there of that name, also when it cannot be opened. Absent: it is opened, and destroyed. */
  destroy?(name: string): Promise<void>;
}
