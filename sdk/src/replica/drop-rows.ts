import type { OwnCommit } from '../commit.ts';
import { getIdentity, getProgress, type Own, putMeta } from '../store/meta.ts';
import type { Store } from '../store/store.ts';

/**
 * Forgets every row, which the server can send again, to make room for what nobody else has.
 *
 * @returns undefined when there are none.
 */
export function dropRows(store: Store, own: Own): Promise<OwnCommit | undefined> {
  return store.transaction(['rows', 'meta'], 'durable', async (tx) => {
    if (!(await getIdentity(tx, own))) return undefined;
    const { expected: _expected, journal: _journal, ...before } = await getProgress(tx);
    if (before.cursor === null) return undefined;
    const progress = { ...before, cursor: null, lastSyncedAt: null, full: true, revision: before.revision + 1 };
    await Promise.all([tx.clear('rows'), putMeta(tx, 'scopes', {}), putMeta(tx, 'progress', progress)]);
    // Memory has to read it all again, whatever it knows.
    return { progress, scopes: {}, follows: -1 };
  });
}
