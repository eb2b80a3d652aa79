import type { IndexValue, Key, Range } from './store.ts';

/** The order of a table's keys, which are all of one kind, and of an index's values: numbers come before strings. */
export function compareKeys(left: Key | IndexValue, right: Key | IndexValue): number {
  if (typeof left === 'object' && typeof right === 'object') {
    return compareKeys(left[0], right[0]) || compareKeys(left[1], right[1]);
  }
  if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether a key is in a range of keys. */
export function inRange(key: Key, range: Exclude<Range, { readonly index: unknown }>): boolean {
  return 'first' in range ? Array.isArray(key) && key[0] === range.first : isBetween(key, range);
}

export function isBetween<T extends Key>(key: T, { from, to }: { from?: T | undefined; to?: T | undefined }): boolean {
  return (from === undefined || compareKeys(key, from) >= 0) && (to === undefined || compareKeys(key, to) <= 0);
}
