/** What is asked of a contestant: variants that differ only in how they write are not asked for the rest. */
export type Part = 'mutate' | 'queue' | 'receive' | 'read';

export interface Entry {
  readonly name: string;
  /** In the tables of results. */
  readonly title: string;
  /** The file in `contestants/`, without `.ts`. */
  readonly file: string;
  /** How the file opens it; its own default without. */
  readonly variant?: string;
  /** When its write counts as durable. */
  readonly durable: string;
  readonly parts: readonly Part[];
  /** False: rows are in memory only, and gone after a reload. */
  readonly keepsRows: boolean;
}

const all: readonly Part[] = ['mutate', 'queue', 'receive', 'read'];
const writing: readonly Part[] = ['mutate', 'queue', 'receive'];

/** The measure of all others. */
export const rawIdb = 'raw-idb';
/** What it does for 1,000 mutations as one transaction. */
export const rawIdbOne = 'raw-idb-one';

export const lineUp: readonly Entry[] = [
  {
    name: rawIdb,
    title: 'raw idb, strict',
    file: 'raw-idb',
    durable: 'transaction complete, flushed to disk',
    parts: all,
    keepsRows: true,
  },
  {
    name: rawIdbOne,
    title: 'raw idb, strict, all in one transaction',
    file: 'raw-idb',
    variant: 'one',
    durable: 'transaction complete, flushed to disk',
    parts: ['queue'],
    keepsRows: true,
  },
  {
    name: 'ekbaar',
    title: 'Ekbaar',
    file: 'ekbaar',
    durable: 'transaction complete, flushed to disk',
    parts: all,
    keepsRows: true,
  },
  {
    name: 'dexie',
    title: 'Dexie',
    file: 'dexie',
    durable: 'transaction complete, not flushed',
    parts: all,
    keepsRows: true,
  },
  {
    name: 'dexie-strict',
    title: 'Dexie, told to be strict',
    file: 'dexie',
    variant: 'strict',
    durable: 'transaction complete, flushed to disk',
    parts: writing,
    keepsRows: true,
  },
  {
    name: 'pouchdb',
    title: 'PouchDB',
    file: 'pouchdb',
    durable: 'transaction complete, not flushed',
    parts: all,
    keepsRows: true,
  },
  {
    name: 'rxdb',
    title: 'RxDB on Dexie',
    file: 'rxdb',
    durable: 'transaction complete, not flushed',
    parts: all,
    keepsRows: true,
  },
  {
    name: 'rxdb-strict',
    title: 'RxDB on Dexie, told to be strict',
    file: 'rxdb',
    variant: 'strict',
    durable: 'transaction complete, flushed to disk',
    parts: writing,
    keepsRows: true,
  },
  {
    name: 'replicache',
    title: 'Replicache',
    file: 'replicache',
    durable: 'its persist when idle is done, not flushed',
    parts: all,
    keepsRows: true,
  },
  {
    name: 'replicache-forced',
    title: 'Replicache, persist forced',
    file: 'replicache',
    variant: 'forced',
    durable: 'a persist after each change is done, not flushed',
    parts: writing,
    keepsRows: true,
  },
  {
    name: 'watermelondb',
    title: 'WatermelonDB on LokiJS',
    file: 'watermelondb',
    durable: 'its autosave (every 500 ms) is done, not flushed',
    parts: all,
    keepsRows: true,
  },
  {
    name: 'watermelondb-forced',
    title: 'WatermelonDB on LokiJS, save forced',
    file: 'watermelondb',
    variant: 'forced',
    durable: 'a save after each change is done, not flushed',
    parts: writing,
    keepsRows: true,
  },
  {
    name: 'tanstack',
    title: 'TanStack offline transactions',
    file: 'tanstack',
    durable: 'request in the outbox succeeded, not flushed; rows never',
    parts: all,
    keepsRows: false,
  },
];
