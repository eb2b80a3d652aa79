import type { Store, StoreFactory, Table, Transaction } from '../../sdk/src/store/store.ts';
import { wrapStore } from '../../sdk/src/testing/wrap-store.ts';
import type { CrashDisk, Death } from './crash-disk.ts';

type Write = (tx: Transaction) => Promise<void>;

/** What a transaction has written, to be done again. */
interface Written {
  readonly tables: readonly Table[];
  readonly writes: readonly Write[];
}

const allTables: readonly Table[] = ['log', 'rows', 'meta'];

/** How a {@link RecordedDisk} keeps what it has. */
export interface Keeping {
  /** New and empty stores, for a life of the phone. */
  readonly stores: (life: number) => StoreFactory;
  readonly turn: () => Promise<void>;
  readonly throwAway?: (lives: number) => Promise<void>;
}

/** Stores that forget, at a power cut, what was not flushed: then all that was is written again, into new ones. */
export class RecordedDisk implements CrashDisk {
  readonly deaths: readonly Death[] = ['power lost', 'power kept', 'tab'];
  readonly isShared = true;
  readonly #keeping: Keeping;
  /** Every transaction that is safe, by the name of its store. */
  readonly #flushed = new Map<string, Written[]>();
  /** Those that are written, and not flushed: a later flush takes them along. */
  readonly #volatile = new Map<string, Written[]>();
  #lives = 0;
  #live: StoreFactory;

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
    this.#live = keeping.stores(this.#lives);
  }

  readonly open: StoreFactory = async (name) => {
    const live = this.#live;
    const store = await live(name);
    return this.#recorded(name, store, () => live === this.#live);
  };

  die(death: Death): void {
    if (death === 'tab') return;
    for (const [name, written] of this.#volatile) {
      if (death === 'power kept') listOf(this.#flushed, name).push(...written);
      written.length = 0;
    }
    if (death === 'power lost') this.#live = this.#rebuilt();
  }

  turn(): Promise<void> {
    return this.#keeping.turn();
  }

  async throwAway(): Promise<void> {
    await this.#keeping.throwAway?.(this.#lives + 1);
  }

  /** New stores, with everything that is safe. */
  #rebuilt(): StoreFactory {
    this.#lives += 1;
    const stores = this.#keeping.stores(this.#lives);
    const rebuilding = new Map<string, Promise<void>>();
    return async (name) => {
      const safe = this.#flushed.get(name) ?? [];
      const store = await stores(name);
      const rebuilt = rebuilding.get(name) ?? redo(store, [...safe]);
      rebuilding.set(name, rebuilt);
      await rebuilt;
      return store;
    };
  }

  #recorded(name: string, store: Store, alive: () => boolean): Store {
    const note = (written: Written, flushed: boolean) => {
      // What comes through after a power cut has not happened.
      if (!alive()) return;
      const waiting = listOf(this.#volatile, name);
      waiting.push(written);
      if (flushed) listOf(this.#flushed, name).push(...waiting.splice(0));
    };
    const transaction: Store['transaction'] = async (tables, mode, body) => {
      const writes: Write[] = [];
      const result = await store.transaction(tables, mode, (tx) => {
        // A store may run a body again.
        writes.length = 0;
        return body(recording(tx, writes));
      });
      if (writes.length > 0) note({ tables, writes }, mode === 'durable');
      return result;
    };
    return {
      ...wrapStore(store, transaction),
      destroy: async () => {
        await store.destroy();
        const writes = allTables.map(
          (table): Write =>
            (tx) =>
              tx.clear(table),
        );
        note({ tables: allTables, writes }, true);
      },
    };
  }
}

/** The same transaction, which notes what is written in it. */
function recording(tx: Transaction, writes: Write[]): Transaction {
  return {
    get: tx.get,
    list: tx.list,
    put: async (table, key, value) => {
      const kept: unknown = structuredClone(value);
      writes.push((again) => again.put(table, key, kept));
      await tx.put(table, key, value);
    },
    delete: async (table, key) => {
      writes.push((again) => again.delete(table, key));
      await tx.delete(table, key);
    },
    clear: async (table) => {
      writes.push((again) => again.clear(table));
      await tx.clear(table);
    },
  };
}

async function redo(store: Store, all: readonly Written[]): Promise<void> {
  for (const { tables, writes } of all) {
    await store.transaction(tables, 'durable', async (tx) => {
      for (const write of writes) await write(tx);
    });
  }
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}
