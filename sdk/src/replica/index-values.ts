import type { IndexEntry, IndexValue } from '../store/store.ts';
import type { PlainRow } from './query.ts';

/** Stand for what is no number and no string, in the order of queries: missing first, then false, true, numbers. */
const missing = -Number.MAX_VALUE;
const no = -1.7e308;
const yes = -1.6e308;
/** No number that people count with is smaller. */
export const leastNumber = -1.5e308;

/** Where a value stands in an index. Objects have no order: they stand together, before all strings. */
export function indexValue(value: unknown): IndexValue {
  if (value === null || value === undefined || Number.isNaN(value)) return missing;
  if (typeof value === 'boolean') return value ? yes : no;
  return typeof value === 'number' || typeof value === 'string' ? value : '';
}

/** Where a row stands in its collection's indexes. */
export function indexEntries(collection: string, row: PlainRow, fields: readonly string[]): IndexEntry[] {
  return fields.map((field) => [collection, field, indexValue(row[field])]);
}
