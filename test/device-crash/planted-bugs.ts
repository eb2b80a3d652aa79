import type { Store, StoreFactory, Table, Transaction } from '../../sdk/src/store/store.ts';
import { wrapStore } from '../../sdk/src/testing/wrap-store.ts';
import type { Invariant } from './violations.ts';
import type { Plant } from './crash-world.ts';

/** A bug that somebody else might have made in how the device uses its store. Without a death nobody would notice. */
export interface PlantedBug {
  readonly name: string;
  readonly plant: Plant;
  /** A workload in which it shows. */
  readonly workload: string;
  readonly breaks: Invariant;
  /** It shows only when what comes after a death dies, too. */
  readonly diesTwice?: boolean;
}

const oneByOne = 'one by one, and many together';

export const savedTooEarly: PlantedBug = {
  name: 'a mutation is called saved before it was flushed',
  plant: onStore(
    (store) => (tables, mode, body) => store.transaction(tables, mode === 'durable' ? 'write' : mode, body),
  ),
  workload: oneByOne,
  breaks: 'I1',
};

export const plantedBugs: readonly PlantedBug[] = [
  savedTooEarly,
  {
    name: 'a mutation is written after its number was given away',
    plant: inTwo((table) => table === 'log'),
    workload: oneByOne,
    breaks: 'usable',
  },
  {
    name: 'rows come after the cursor that counts them',
    plant: inTwo((table) => table === 'rows'),
    workload: 'many rows, in pages, and a scope that is sent whole again',
    breaks: 'I4',
  },
  {
    name: 'what a person has dealt with is not flushed',
    plant: onStore((store) => (tables, mode, body) => {
      const once = tables.join() === 'log,meta' && mode === 'durable';
      return store.transaction(tables, once ? 'write' : mode, body);
    }),
    workload: 'refused: dismissed, done again, and done otherwise',
    breaks: 'I7',
  },
  {
    name: 'what mends the log after a death takes it away before it writes it anew',
    plant: mending,
    workload: oneByOne,
    breaks: 'I1',
    diesTwice: true,
  },
];

function onStore(change: (store: Store) => Store['transaction']): Plant {
  return (factory: StoreFactory) => async (name) => {
    const store = await factory(name);
    return wrapStore(store, change(store));
  };
}

/** Notes whether a store was closed in order, and writes the log of one that was not a second time. */
function mending(factory: StoreFactory): StoreFactory {
  return async (name) => {
    const store = await factory(name);
    const inMeta = (work: (tx: Transaction) => Promise<unknown>) => store.transaction(['meta'], 'durable', work);
    if (await inMeta((tx) => tx.get('meta', 'open'))) {
      const entries = await store.transaction(['log'], 'durable', async (tx) => {
        const all = (await tx.list('log')) as { readonly seq: number }[];
        await tx.clear('log');
        return all;
      });
      await store.transaction(['log'], 'durable', async (tx) => {
        for (const entry of entries) await tx.put('log', entry.seq, entry);
      });
    }
    await inMeta((tx) => tx.put('meta', 'open', true));
    return {
      ...wrapStore(store, (...asked) => store.transaction(...asked)),
      close: async () => {
        await inMeta((tx) => tx.delete('meta', 'open'));
        await store.close();
      },
    };
  };
}

/** Takes some writes out of each transaction, and does them in another one behind it. */
function inTwo(later: (table: Table, key: unknown) => boolean): Plant {
  return onStore((store) => async (tables, mode, body) => {
    const writes: ((tx: Transaction) => Promise<void>)[] = [];
    const kept = new Map<string, unknown>();
    const result = await store.transaction(tables, mode, (tx) => {
      // A store may run a body again.
      writes.length = 0;
      kept.clear();
      return body({
        ...tx,
        get: async (table, key) => {
          const place = JSON.stringify([table, key]);
          return kept.has(place) ? kept.get(place) : tx.get(table, key);
        },
        put: async (table, key, value) => {
          if (!later(table, key)) return tx.put(table, key, value);
          kept.set(JSON.stringify([table, key]), value);
          writes.push((second) => second.put(table, key, value));
        },
        delete: async (table, key) => {
          if (!later(table, key)) return tx.delete(table, key);
          kept.set(JSON.stringify([table, key]), undefined);
          writes.push((second) => second.delete(table, key));
        },
      });
    });
    if (writes.length > 0) {
      await store.transaction(tables, mode, async (tx) => {
        for (const write of writes) await write(tx);
      });
    }
    return result;
  });
}
