import { openDB } from 'idb';
import type { DurablePlace } from './remembered.ts';

const table = 'values';

/** A small store in IndexedDB, flushed at each write: localStorage would lose the last seconds before a crash. */
export async function durablePlace(name: string): Promise<DurablePlace> {
  const db = await openDB(name, 1, { upgrade: (opened) => void opened.createObjectStore(table) });
  return {
    get: (key) => db.get(table, key),
    async set(key, value) {
      const tx = db.transaction(table, 'readwrite', { durability: 'strict' });
      await Promise.all([tx.store.put(value, key), tx.done]);
    },
  };
}
