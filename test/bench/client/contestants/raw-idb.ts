import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { offer } from '../bench-page.ts';
import type { Contestant } from '../contestant.ts';
import type { Change, Delivery, Question } from '../delivery.ts';

interface Schema extends DBSchema {
  deliveries: { key: string; value: Delivery; indexes: { status: string; regionId: string } };
  outbox: { key: number; value: Change };
}

interface Watcher {
  readonly question: Question;
  readonly listener: (rows: readonly Delivery[]) => void;
  state: 'idle' | 'reading' | 'again';
}

/**
 * The least that an offline app can write by hand: rows with two indexes, and an outbox of what has to be sent.
 * Durable: `complete` of a transaction with `durability: 'strict'`, after which Chromium has flushed the disk.
 */
class RawIdb implements Contestant {
  readonly #db: IDBPDatabase<Schema>;
  readonly #watchers = new Set<Watcher>();
  /** Present where many changes go in one transaction. */
  readonly queue?: (changes: readonly Change[]) => Promise<void>;

  constructor(db: IDBPDatabase<Schema>, queuesAsOne: boolean) {
    this.#db = db;
    if (queuesAsOne) this.queue = (changes) => this.#write(changes);
  }

  receive(rows: readonly Delivery[]): () => Promise<void> {
    const text = JSON.stringify(rows);
    return async () => {
      const tx = this.#db.transaction('deliveries', 'readwrite', { durability: 'strict' });
      const puts = (JSON.parse(text) as Delivery[]).map((row) => tx.store.put(row));
      await Promise.all([...puts, tx.done]);
      for (const watcher of this.#watchers) this.#read(watcher);
    };
  }

  mutate(change: Change): Promise<void> {
    return this.#write([change]);
  }

  live(question: Question, listener: (rows: readonly Delivery[]) => void): () => void {
    const watcher: Watcher = { question, listener, state: 'idle' };
    this.#watchers.add(watcher);
    this.#read(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async #write(changes: readonly Change[]): Promise<void> {
    const tx = this.#db.transaction(['deliveries', 'outbox'], 'readwrite', { durability: 'strict' });
    const rows = tx.objectStore('deliveries');
    const moved = changes.map(async (change) => {
      const before = await rows.get(change.id);
      if (!before) throw new Error(`no delivery ${change.id}`);
      const after = { ...before, ...change };
      await Promise.all([rows.put(after), tx.objectStore('outbox').add(change)]);
      return [before, after];
    });
    const [touched] = await Promise.all([Promise.all(moved), tx.done]);
    // Only the questions whose answers may have changed are asked again.
    for (const watcher of this.#watchers) {
      const { field, value } = watcher.question;
      if (touched.flat().some((row) => row[field] === value)) this.#read(watcher);
    }
  }

  #read(watcher: Watcher): void {
    if (watcher.state !== 'idle') {
      watcher.state = 'again';
      return;
    }
    watcher.state = 'reading';
    const { field, value } = watcher.question;
    void this.#db.getAllFromIndex('deliveries', field, value).then((rows) => {
      const isStale = watcher.state === 'again';
      watcher.state = 'idle';
      if (!this.#watchers.has(watcher)) return;
      watcher.listener(rows);
      if (isStale) this.#read(watcher);
    });
  }
}

offer(async (variant) => {
  const db = await openDB<Schema>('bench', 1, {
    upgrade(created) {
      const rows = created.createObjectStore('deliveries', { keyPath: 'id' });
      rows.createIndex('status', 'status');
      rows.createIndex('regionId', 'regionId');
      created.createObjectStore('outbox', { autoIncrement: true });
    },
  });
  return new RawIdb(db, variant === 'one');
});
