import { type ReadonlyJSONValue, type WriteTransaction } from 'replicache';
// The class behind `Replicache`: only it says when it has persisted.
import { ReplicacheImpl } from 'replicache/impl';
import { offer } from '../bench-page.ts';
import type { Change, Delivery } from '../delivery.ts';
import { Flushes } from '../flushes.ts';

const mutators = {
  async move(tx: WriteTransaction, { id, status }: Change) {
    const row = await tx.get<Delivery>(`delivery/${id}`);
    if (row) await tx.set(`delivery/${id}`, { ...row, status });
  },
};

/**
 * Tells when it has persisted. Replicache answers from memory, and writes to IndexedDB when the page has been idle,
 * half a second to a second and a half later.
 */
class TellingReplicache extends ReplicacheImpl<typeof mutators> {
  #waiting: (() => void)[] = [];

  /** Resolves when a persist that begins from now on is done. */
  persisted(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  override async persist(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await super.persist();
    for (const resolve of waiting) resolve();
  }
}

// As https://doc.replicache.dev says: rows come in a pull's patch, lists are subscriptions to an index scan, changes are
// mutators. Since version 15 no license key is asked for. Durable: its persist is done, in transactions that it makes
// relaxed; the forced variant asks for it after each change, which its public class does not offer.
offer(async (variant) => {
  const isForced = variant === 'forced';
  let cookie = 0;
  let patch: { op: 'put'; key: string; value: ReadonlyJSONValue }[] = [];
  const replicache = new TellingReplicache(
    {
      name: 'bench',
      mutators,
      indexes: { status: { jsonPointer: '/status' }, regionId: { jsonPointer: '/regionId' } },
      pullInterval: null,
      puller: async () => {
        const response = { cookie: (cookie += patch.length), lastMutationIDChanges: {}, patch };
        patch = [];
        return { response, httpRequestInfo: { httpStatusCode: 200, errorMessage: '' } };
      },
      logLevel: 'error',
    },
    // A pull at the start would meet the one that is measured.
    { enablePullAndPushInOpen: false, enableScheduledPersist: !isForced },
  );
  // After a reload the cookie goes on from what is stored.
  cookie = Number((await replicache.cookie) ?? 0);
  const flushes = new Flushes(() => replicache.persist());
  const durable = () => (isForced ? flushes.flush() : replicache.persisted());

  return {
    receive(rows) {
      const text = JSON.stringify(rows);
      return async () => {
        const received = JSON.parse(text) as Delivery[];
        patch = received.map((value) => ({ op: 'put', key: `delivery/${value.id}`, value }));
        await replicache.pull({ now: true });
        await durable();
      };
    },
    async mutate(change) {
      await replicache.mutate.move({ ...change });
      await durable();
    },
    live: ({ field, value }, listener) =>
      replicache.subscribe(
        (tx) => tx.scan<Delivery>({ indexName: field, prefix: value }).values().toArray(),
        (rows) => listener(rows),
      ),
  };
});
