import type { RowChange } from '../commit.ts';
import { getEntry, listEntries } from '../log/stored-entries.ts';
import { readJournal } from '../replica/journal.ts';
import { readRow, readRows } from '../replica/stored-row.ts';
import { getShapes, readMeta } from '../store/meta.ts';
import type { Store, Transaction } from '../store/store.ts';

/** Reads what another tab said it has changed. */
export function readChanged(store: Store, seqs: readonly number[], rowKeys: readonly (readonly [string, string])[]) {
  return store.transaction(['log', 'rows', 'meta'], 'read', async (tx) => {
    const [meta, entries] = await Promise.all([readMeta(tx), Promise.all(seqs.map((seq) => getEntry(tx, seq)))]);
    const journal = await readJournal(tx, meta.progress);
    const rows = rowKeys.map(async ([collection, id]): Promise<RowChange> => {
      return { collection, id, row: await readRow(tx, journal, collection, id) };
    });
    return {
      ...meta,
      journal,
      entries: entries.filter((entry) => entry !== undefined),
      removed: seqs.filter((_, at) => entries[at] === undefined),
      rows: await Promise.all(rows),
    };
  });
}

/** Reads the whole log, where sync stands, and what the rows are written for. */
export function readLog(store: Store) {
  return store.transaction(['log', 'rows', 'meta'], 'read', readLogIn);
}

/** Reads the same and the rows of some collections, all as they stand at one moment. */
export function readAll(store: Store, collections: readonly string[]) {
  return store.transaction(['log', 'rows', 'meta'], 'read', async (tx) => {
    const [log, ...base] = await Promise.all([
      readLogIn(tx),
      ...collections.map(async (collection) => [collection, await readRows(tx, collection)] as const),
    ]);
    return { ...log, base: new Map(base.map(([name, rows]) => [name, log.journal.show(name, rows)])) };
  });
}

async function readLogIn(tx: Transaction) {
  const [meta, shapes, entries] = await Promise.all([readMeta(tx), getShapes(tx), listEntries(tx)]);
  return { ...meta, shapes, entries, journal: await readJournal(tx, meta.progress) };
}
