import type { RowChange } from '../commit.ts';
import type { Store } from '../store/store.ts';
import type { PlainRow } from './query.ts';
import { readRows } from './stored-row.ts';

type Rows = Map<string, PlainRow>;

/** What the server said, in memory: each collection is read from disk when it is first asked for. */
export class Base {
  readonly #store: Store;
  readonly #loaded = new Map<string, Rows>();
  readonly #loading = new Map<string, { promise: Promise<void>; meanwhile: RowChange[] }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The rows of a collection, or undefined while it is not in memory. */
  rows(collection: string): ReadonlyMap<string, PlainRow> | undefined {
    return this.#loaded.get(collection);
  }

  load(collection: string): Promise<void> {
    if (this.#loaded.has(collection)) return Promise.resolve();
    const under = this.#loading.get(collection);
    if (under) return under.promise;
    const meanwhile: RowChange[] = [];
    const promise = this.#read(collection, meanwhile).finally(() => this.#loading.delete(collection));
    this.#loading.set(collection, { promise, meanwhile });
    return promise;
  }

  /** The collections that are in memory, or soon will be. */
  get collections(): readonly string[] {
    return [...new Set([...this.#loaded.keys(), ...this.#loading.keys()])];
  }

  /** Takes over whole collections, read again from disk. */
  replace(collections: ReadonlyMap<string, ReadonlyMap<string, PlainRow>>): void {
    for (const [collection, rows] of collections) this.#loaded.set(collection, new Map(rows));
  }

  absorb(changes: readonly RowChange[]): void {
    for (const change of changes) {
      const rows = this.#loaded.get(change.collection);
      if (rows) apply(rows, change);
      else this.#loading.get(change.collection)?.meanwhile.push(change);
    }
  }

  async #read(collection: string, meanwhile: readonly RowChange[]): Promise<void> {
    const rows = await this.#store.transaction(['rows'], 'read', (tx) => readRows(tx, collection));
    // Changes committed since may or may not be in what was read; they say how each row stands in the end.
    for (const change of meanwhile) apply(rows, change);
    this.#loaded.set(collection, rows);
  }
}

function apply(rows: Rows, { id, row }: RowChange): void {
  if (row) rows.set(id, row);
  else rows.delete(id);
}
