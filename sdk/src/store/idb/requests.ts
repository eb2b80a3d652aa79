import { wrap } from 'idb';
import type { Key, Range } from '../store.ts';

/** The outcome of a request. What it rejects with is the request's own error, not its transaction's. */
export function outcomeOf<T>(request: IDBRequest<T>): Promise<T> {
  return wrap(request);
}

export function keyOf(key: Key): IDBValidKey {
  return typeof key === 'object' ? [...key] : key;
}

/** The values in a range, in its order. */
export function list(store: IDBObjectStore, indexName: string, range: Range, limit?: number): Promise<unknown[]> {
  if (!('index' in range)) return outcomeOf(store.getAll(rangeOf(range), limit));
  const index = store.index(indexName);
  const within = indexRangeOf(range);
  return range.desc ? listBackwards(index.openCursor(within, 'prev'), limit) : outcomeOf(index.getAll(within, limit));
}

function rangeOf(range: Exclude<Range, { readonly index: unknown }>): IDBKeyRange | undefined {
  // In IndexedDB's order of keys an array comes after every string.
  if ('first' in range) return IDBKeyRange.bound([range.first], [range.first, []]);
  const { from, to } = range;
  if (from !== undefined && to !== undefined) return IDBKeyRange.bound(keyOf(from), keyOf(to));
  if (from !== undefined) return IDBKeyRange.lowerBound(keyOf(from));
  return to === undefined ? undefined : IDBKeyRange.upperBound(keyOf(to));
}

function indexRangeOf({ index, from, to }: Extract<Range, { readonly index: unknown }>): IDBKeyRange {
  return IDBKeyRange.bound(from === undefined ? [...index] : [...index, from], [...index, to ?? []]);
}

/** `getAll` knows no direction in the browsers that we serve. */
function listBackwards(request: IDBRequest<IDBCursorWithValue | null>, limit = Infinity): Promise<unknown[]> {
  const values: unknown[] = [];
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || values.length >= limit) return resolve(values);
      values.push(cursor.value);
      cursor.continue();
    };
  });
}
