import PouchDB from 'pouchdb-browser';
import find from 'pouchdb-find';
import { offer } from '../bench-page.ts';
import type { Delivery, Question } from '../delivery.ts';

PouchDB.plugin(find);

// As https://pouchdb.com/guides says: bulkDocs for many documents, Mango indexes for questions, the changes feed for
// lists that stay current. Durable: the promise of the write, after `complete` of a transaction with Chromium's default
// (relaxed). Its own revisions and sequence are what is sent later, so there is no outbox.
offer(async () => {
  const db = new PouchDB<Delivery>('bench', { adapter: 'idb' });
  for (const field of ['status', 'regionId']) await db.createIndex({ index: { fields: [field] } });
  const watchers = new Set<(changed: Delivery) => void>();
  db.changes({ since: 'now', live: true, include_docs: true }).on('change', ({ doc }) => {
    if (doc) for (const watcher of watchers) watcher(doc);
  });

  const ask = async ({ field, value }: Question) => {
    const { docs } = await db.find({ selector: { [field]: value }, limit: 100_000 });
    return docs;
  };

  return {
    receive(rows) {
      const text = JSON.stringify(rows);
      return async () => {
        const received = JSON.parse(text) as Delivery[];
        const stored = await db.allDocs({ keys: received.map(({ id }) => id) });
        const revisions = new Map(
          stored.rows.flatMap((row) => ('error' in row ? [] : [[row.id, row.value.rev] as const])),
        );
        const documents = received.map((row) => {
          const revision = revisions.get(row.id);
          return { ...row, _id: row.id, ...(revision === undefined ? {} : { _rev: revision }) };
        });
        const failed = (await db.bulkDocs(documents)).find((result) => 'error' in result);
        if (failed) throw new Error(`bulkDocs: ${JSON.stringify(failed)}`);
      };
    },
    async mutate({ id, status }) {
      await db.put({ ...(await db.get(id)), status });
    },
    live(question, listener) {
      let shown = new Set<string>();
      let state: 'idle' | 'reading' | 'again' = 'idle';
      const read = () => {
        if (state !== 'idle') {
          state = 'again';
          return;
        }
        state = 'reading';
        void ask(question).then((rows) => {
          const isStale = state === 'again';
          state = 'idle';
          if (!watchers.has(changed)) return;
          shown = new Set(rows.map(({ id }) => id));
          listener(rows);
          if (isStale) read();
        });
      };
      const changed = (row: Delivery) => {
        if (row[question.field] === question.value || shown.has(row.id)) read();
      };
      watchers.add(changed);
      read();
      return () => watchers.delete(changed);
    },
  };
});
