import type { Store } from '../store/store.ts';

/** The same store with transactions of another kind: ones that fail, wait or are counted. */
export function wrapStore(store: Store, transaction: Store['transaction']): Store {
  return {
    sharedAs: store.sharedAs,
    indexes: store.indexes,
    deletingFrees: store.deletingFrees,
    reserve: store.reserve,
    transaction,
    close: () => store.close(),
    destroy: () => store.destroy(),
  };
}
