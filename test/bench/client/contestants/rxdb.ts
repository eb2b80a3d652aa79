import { createRxDatabase, type RxJsonSchema } from 'rxdb';
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie';
import { offer } from '../bench-page.ts';
import type { Delivery } from '../delivery.ts';

const schema: RxJsonSchema<Delivery> = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 36 },
    status: { type: 'string', maxLength: 20 },
    regionId: { type: 'string', maxLength: 20 },
    customerName: { type: 'string' },
    amountPaise: { type: 'integer' },
    dueOn: { type: 'string' },
  },
  required: ['id', 'status', 'regionId', 'customerName', 'amountPaise', 'dueOn'],
  indexes: ['status', 'regionId'],
};

// As https://rxdb.info says: the Dexie storage is the free one for IndexedDB; bulkUpsert for many documents, `$` of a
// query for lists, and `eventReduce` so that they are mended and not asked again. No dev-mode plugin, as in production.
// Durable: the promise of the write, after `complete` of Dexie's transaction (relaxed unless told otherwise). What has
// to be sent its replication finds by the documents' own times, so there is no outbox.
offer(async (variant) => {
  const db = await createRxDatabase({
    name: 'bench',
    storage: getRxStorageDexie(variant === 'strict' ? { chromeTransactionDurability: 'strict' } : {}),
    eventReduce: true,
  });
  const { deliveries } = await db.addCollections({ deliveries: { schema } });
  return {
    receive(rows) {
      const text = JSON.stringify(rows);
      return async () => {
        const { error } = await deliveries.bulkUpsert(JSON.parse(text) as Delivery[]);
        if (error.length > 0) throw new Error(`bulkUpsert: ${JSON.stringify(error[0])}`);
      };
    },
    async mutate({ id, status }) {
      await (await deliveries.findOne(id).exec(true)).incrementalPatch({ status });
    },
    live({ field, value }, listener) {
      const subscription = deliveries.find({ selector: { [field]: value } }).$.subscribe(listener);
      return () => subscription.unsubscribe();
    },
  };
});
