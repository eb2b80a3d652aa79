import type { IndexValue, Range } from '../store/store.ts';
import { indexValue, leastNumber } from './index-values.ts';
import { parseOrder, type PlainQuery } from './query.ts';

export type IndexRange = Extract<Range, { readonly index: unknown }>;

/**
 * Where the rows that a query asks for are found on disk: by their keys, in ranges of an index, at one end of an index
 * (`window`: in the order of the answer, so that no more than its limit must be read), or only by reading everything.
 */
export type Plan =
  | { readonly kind: 'keys'; readonly ids: readonly string[] }
  | { readonly kind: 'ranges'; readonly ranges: readonly IndexRange[] }
  | { readonly kind: 'window'; readonly range: IndexRange; readonly limit: number }
  | { readonly kind: 'collection' };

/** What a plan may use of a collection. */
export interface Indexing {
  readonly key: string;
  readonly indexes: readonly string[];
}

interface Bounds {
  readonly from?: IndexValue;
  readonly to?: IndexValue;
}

/** Finds the way to a query's rows that reads least. Whatever it reads too much, the query itself leaves out. */
export function planOf(collection: string, { key, indexes }: Indexing, query: PlainQuery): Plan {
  const conditions = Object.entries(query.where ?? {}).filter(([, condition]) => condition !== undefined);
  const ids = conditions.filter(([field]) => field === key).map(([, condition]) => valuesOf(condition))[0];
  if (ids) return { kind: 'keys', ids: ids.filter((id) => typeof id === 'string') };

  const range = (field: string, bounds: Bounds): IndexRange => ({ index: [collection, field], ...bounds });
  const indexed = conditions.filter(([field]) => indexes.includes(field));
  for (const [field, condition] of indexed) {
    const values = valuesOf(condition);
    if (!values) continue;
    const points = [...new Set(values.map(indexValue))];
    return { kind: 'ranges', ranges: points.map((value) => range(field, { from: value, to: value })) };
  }
  const [order] = [query.orderBy ?? []].flat().map(parseOrder);
  const { limit } = query;
  const inOrder = order && indexes.includes(order.field) && conditions.every(([field]) => field === order.field);
  const [first] = indexed;
  const bounds = boundsOf(first?.[1] ?? {});
  if (isEmpty(bounds)) return { kind: 'ranges', ranges: [] };
  if (inOrder && limit !== undefined) {
    return { kind: 'window', range: { ...range(order.field, bounds), desc: order.sign < 0 }, limit };
  }
  return first ? { kind: 'ranges', ranges: [range(first[0], bounds)] } : { kind: 'collection' };
}

/** Stores refuse bounds that are the wrong way round. */
function isEmpty({ from, to }: Bounds): boolean {
  if (from === undefined || to === undefined) return false;
  return typeof from === typeof to ? from > to : typeof from === 'string';
}

/** The only values that fit a condition; undefined when it is a range. */
function valuesOf(condition: unknown): readonly unknown[] | undefined {
  if (typeof condition !== 'object' || condition === null) return [condition];
  return 'in' in condition ? (condition.in as readonly unknown[]) : undefined;
}

/** A missing value is in no range, and a range holds values of one type. */
function boundsOf(condition: object): Bounds {
  const { gte, gt = gte, lte, lt = lte } = condition as Readonly<Record<string, unknown>>;
  const [from, to] = [gte ?? gt, lte ?? lt];
  const one = from ?? to;
  if (one === undefined) return {};
  const ends: Bounds =
    typeof one === 'string' ? { from: '' } : typeof one === 'number' ? { from: leastNumber, to: Number.MAX_VALUE } : {};
  return {
    ...ends,
    ...(from !== undefined && { from: indexValue(from) }),
    ...(to !== undefined && { to: indexValue(to) }),
  };
}
