import { BTreeIndex, createCollection, createLiveQueryCollection, eq, type SyncConfig } from '@tanstack/db';
import { IndexedDBAdapter, startOfflineExecutor } from '@tanstack/offline-transactions';
import { offer } from '../bench-page.ts';
import type { Delivery } from '../delivery.ts';

type Source = Parameters<SyncConfig<Delivery, string>['sync']>[0];

/** Its own storage, which also tells when a transaction is in the outbox. */
class TellingStorage extends IndexedDBAdapter {
  readonly #waiting = new Map<string, () => void>();

  /** Resolves when its write has succeeded. */
  stored(transactionId: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(`tx:${transactionId}`, resolve));
  }

  override async set(key: string, value: string): Promise<void> {
    await super.set(key, value);
    this.#waiting.get(key)?.();
    this.#waiting.delete(key);
  }
}

// As https://tanstack.com/db says: rows from the server through a collection's own sync (begin, write, commit), live
// query collections for lists with automatic B-tree indexes, one offline transaction for each change. Rows are in memory
// only: after a reload they come from the server again. Durable is the outbox alone: its request has succeeded, in a
// relaxed transaction whose `complete` it does not wait for.
offer(async () => {
  let source: Source | undefined;
  const rows = createCollection<Delivery, string>({
    id: 'deliveries',
    getKey: ({ id }) => id,
    startSync: true,
    autoIndex: 'eager',
    defaultIndexType: BTreeIndex,
    sync: {
      sync: (given) => {
        source = given;
        given.markReady();
      },
    },
  });
  const storage = new TellingStorage();
  const executor = startOfflineExecutor({
    collections: { deliveries: rows },
    mutationFns: { move: () => Promise.reject(new Error('offline')) },
    storage,
    onlineDetector: { isOnline: () => false, subscribe: () => () => {}, notifyOnline: () => {}, dispose: () => {} },
  });
  await executor.waitForInit();

  return {
    receive(received) {
      const text = JSON.stringify(received);
      return async () => {
        if (!source) throw new Error('the collection does not sync');
        const { begin, write, commit } = source;
        begin();
        for (const value of JSON.parse(text) as Delivery[]) {
          write({ type: rows.has(value.id) ? 'update' : 'insert', value });
        }
        await commit();
      };
    },
    async mutate({ id, status }) {
      const transaction = executor.createOfflineTransaction({ mutationFnName: 'move', autoCommit: false });
      const stored = storage.stored(transaction.id);
      transaction.mutate(() => {
        rows.update(id, (draft) => {
          draft.status = status;
        });
      });
      // It resolves when the server has it, which is not to be waited for.
      transaction.commit().catch(() => {});
      await stored;
    },
    live({ field, value }, listener) {
      const list = createLiveQueryCollection({
        query: (q) => q.from({ row: rows }).where(({ row }) => eq(row[field], value)),
        startSync: true,
      });
      const subscription = list.subscribeChanges(() => listener(list.toArray), { includeInitialState: true });
      return () => {
        subscription.unsubscribe();
        void list.cleanup();
      };
    },
  };
});
