import { appSchema, Database, Model, Q, tableSchema } from '@nozbe/watermelondb';
import lokiAdapter from '@nozbe/watermelondb/adapters/lokijs/index.js';
import { offer } from '../bench-page.ts';
import type { Delivery } from '../delivery.ts';

/** What of Loki is used: it has no types. */
interface Loki {
  saveDatabase(done?: (error?: unknown) => void): void;
}

const schema = appSchema({
  version: 1,
  tables: [
    tableSchema({
      name: 'deliveries',
      columns: [
        { name: 'status', type: 'string', isIndexed: true },
        { name: 'regionId', type: 'string', isIndexed: true },
        { name: 'customerName', type: 'string' },
        { name: 'amountPaise', type: 'number' },
        { name: 'dueOn', type: 'string' },
      ],
    }),
  ],
});

/** With the getters and setters that its decorators would write. */
class DeliveryRecord extends Model {
  static override table = 'deliveries';

  get status() {
    return this._getRaw('status') as string;
  }
  set status(value: string) {
    this._setRaw('status', value);
  }
  get regionId() {
    return this._getRaw('regionId') as string;
  }
  get customerName() {
    return this._getRaw('customerName') as string;
  }
  get amountPaise() {
    return this._getRaw('amountPaise') as number;
  }
  get dueOn() {
    return this._getRaw('dueOn') as string;
  }
  take(row: Delivery): void {
    for (const [column, value] of Object.entries(row)) if (column !== 'id') this._setRaw(column, value);
  }
}

// As https://watermelondb.dev says for the web: LokiJS without a worker, saved to IndexedDB in increments; one batch for
// many records (created as its sync creates them), observed queries for lists. Loki answers from memory and saves itself
// every 500 ms. Durable: the callback of the save that began after the change (relaxed transactions); the forced variant
// saves after each change, for which there is no public way. What has to be sent is marked in the records themselves.
offer(async (variant) => {
  const isForced = variant === 'forced';
  const adapter = new lokiAdapter.default({
    dbName: 'bench',
    schema,
    useWebWorker: false,
    useIncrementalIndexedDB: true,
    extraLokiOptions: { autosave: !isForced },
  });
  const database = new Database({ adapter, modelClasses: [DeliveryRecord] });
  const deliveries = database.get<DeliveryRecord>('deliveries');
  // Nothing says when it is open; this waits until it is.
  await deliveries.query(Q.take(1)).fetch();
  const { loki } = (adapter as unknown as { _driver: { loki: Loki } })._driver;
  const durable = isForced ? () => saved(loki) : nextAutosave(loki);

  return {
    receive(rows) {
      const text = JSON.stringify(rows);
      return async () => {
        const received = JSON.parse(text) as Delivery[];
        const ids = received.map(({ id }) => id);
        await database.write(async () => {
          const stored = await deliveries.query(Q.where('id', Q.oneOf(ids))).fetch();
          const records = new Map(stored.map((record) => [record.id, record]));
          await database.batch(
            received.map(
              (row) =>
                records.get(row.id)?.prepareUpdate((record) => record.take(row)) ??
                deliveries.prepareCreateFromDirtyRaw({ ...row, _status: 'synced', _changed: '' }),
            ),
          );
        });
        await durable();
      };
    },
    async mutate({ id, status }) {
      await database.write(async () => {
        const record = await deliveries.find(id);
        await record.update((changing) => {
          changing.status = status;
        });
      });
      await durable();
    },
    live({ field, value }, listener) {
      const query = deliveries.query(Q.where(field, value));
      const subscription = query.observeWithColumns(['status', 'amountPaise']).subscribe(listener);
      return () => subscription.unsubscribe();
    },
  };
});

function saved(loki: Loki): Promise<void> {
  return new Promise((resolve, reject) =>
    loki.saveDatabase((error) => (error ? reject(new Error('not saved', { cause: error })) : resolve())),
  );
}

/** Gives a function that resolves when a save which Loki itself has begun from then on is done. */
function nextAutosave(loki: Loki): () => Promise<void> {
  let waiting: ((error?: unknown) => void)[] = [];
  const save = loki.saveDatabase.bind(loki);
  loki.saveDatabase = (done) => {
    const told = waiting;
    waiting = [];
    save((error) => {
      done?.(error);
      for (const tell of told) tell(error);
    });
  };
  return () =>
    new Promise((resolve, reject) =>
      waiting.push((error) => (error ? reject(new Error('not saved', { cause: error })) : resolve())),
    );
}
