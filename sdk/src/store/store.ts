/**
 * The tables every store has: `log` keyed by a number, `rows` by [collection, id], `meta` by a name.
 * Values are plain data (what structured clone and JSON both carry).
 */
export type Table = 'log' | 'rows' | 'meta';
export type Key = number | string | readonly [string, string];

/** Bounds are inclusive; `first` takes every pair that starts with it. */
export type Range = { readonly from?: Key; readonly to?: Key } | { readonly first: string };

/** `durable`: the promise resolves only once the data would survive a flat battery. */
export type Mode = 'read' | 'write' | 'durable';

export interface Transaction {
  get(table: Table, key: Key): Promise<unknown>;
  /** In the order of the keys: numbers and strings by size, pairs by their first part and then their second. */
  list(table: Table, range?: Range, limit?: number): Promise<unknown[]>;
  put(table: Table, key: Key, value: unknown): Promise<void>;
  delete(table: Table, key: Key): Promise<void>;
}

/**
 * Where everything lives on the device. Small on purpose: a store is these two methods,
 * and one contract suite (`contract.ts`) says what they must do.
 */
export interface Store {
  /** A name for the data, when other tabs of this origin may have it open too: they then share the work of syncing. */
  readonly sharedAs?: string | undefined;
  /**
   * Runs `body` alone on `tables`: all of its writes happen, or none (when it throws, or the disk refuses).
   * The body may await nothing but the transaction's own operations.
   */
  transaction<T>(tables: readonly Table[], mode: Mode, body: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Waits for what is under way, then lets go. Afterwards every transaction is refused. */
  close(): Promise<void>;
}

/** Opens the store called `name`, making it when there is none; many may have it open (tabs). */
export type StoreFactory = (name: string) => Promise<Store>;
