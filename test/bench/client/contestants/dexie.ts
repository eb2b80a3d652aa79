import { Dexie, type EntityTable, liveQuery } from 'dexie';
import { offer } from '../bench-page.ts';
import type { Change, Delivery } from '../delivery.ts';

type Tables = { deliveries: EntityTable<Delivery, 'id'>; outbox: EntityTable<Change & { seq: number }, 'seq'> };

// As https://dexie.org/docs says: bulkPut for many rows, liveQuery for lists, a transaction around what belongs together.
// Durable: `complete` of its transaction, which in Chromium is relaxed (written, not flushed) unless it is told otherwise.
offer(async (variant) => {
  const db = new Dexie('bench', variant === 'strict' ? { chromeTransactionDurability: 'strict' } : {}) as Dexie &
    Tables;
  db.version(1).stores({ deliveries: 'id, status, regionId', outbox: '++seq' });
  await db.open();
  return {
    receive(rows) {
      const text = JSON.stringify(rows);
      return async () => {
        await db.deliveries.bulkPut(JSON.parse(text) as Delivery[]);
      };
    },
    mutate: ({ id, status }) =>
      db.transaction('rw', db.deliveries, db.outbox, async () => {
        await db.deliveries.update(id, { status });
        await db.outbox.add({ id, status });
      }),
    live: ({ field, value }, listener) => {
      const subscription = liveQuery(() => db.deliveries.where(field).equals(value).toArray()).subscribe(listener);
      return () => subscription.unsubscribe();
    },
  };
});
