import type { Key, Range, Table } from '../store.ts';
import type { SqliteValue } from './driver.ts';
import { ordered, orderedValue } from './order.ts';

/** A statement and what stands for its `?`. */
export interface Statement {
  readonly sql: string;
  readonly params: SqliteValue[];
}

/** The columns that a table's keys are in. */
const keyColumns: Record<Table, readonly string[]> = { log: ['seq'], meta: ['name'], rows: ['collection', 'id'] };

/** A key as its columns hold it. */
export function columnsOf(key: Key): SqliteValue[] {
  if (typeof key === 'number') return [key];
  return (typeof key === 'string' ? [key] : key).map(ordered);
}

/**
 * These take any number of keys or rows as one JSON array: a call over to the native side costs more than a row.
 * In each element come the key's columns, then the value and, in `rows`, the entries of its index.
 */
const element = (at: number) => `k.value->>${at}`;
const columns = (table: Table, from = 0) => keyColumns[table].map((_, at) => element(from + at)).join();
const matches = (table: Table, from = 0) =>
  keyColumns[table].map((name, at) => `t.${name} = ${element(from + at)}`).join(' AND ');

/** Gives `[place, value]` of those that are there. Elements are a place, then the key. */
export const getMany = (table: Table): string =>
  `SELECT k.value->>0 AS place, t.value AS value FROM json_each(?) k CROSS JOIN ${table} t ON ${matches(table, 1)}`;

export const putMany = (table: Table): readonly string[] => {
  const rest = table === 'rows' ? ',k.value->>2,k.value->>3' : ',k.value->>1';
  const put = `REPLACE INTO ${table} SELECT ${columns(table)}${rest} FROM json_each(?) k`;
  return table === 'rows' ? [unindex, put, index] : [put];
};

export const deleteMany = (table: Table): readonly string[] => {
  const remove = `DELETE FROM ${table} WHERE (${keyColumns[table].join()}) IN (SELECT ${columns(table)} FROM json_each(?) k)`;
  return table === 'rows' ? [unindex, remove] : [remove];
};

const unindex = `DELETE FROM row_index WHERE (collection, field, value, id) IN (
  SELECT t.collection, e.value->>0, e.value->>1, t.id
  FROM json_each(?) k CROSS JOIN rows t ON ${matches('rows')} CROSS JOIN json_each(t.entries) e)`;

const index = `INSERT OR IGNORE INTO row_index
  SELECT k.value->>0, e.value->>0, e.value->>1, k.value->>1 FROM json_each(?) k CROSS JOIN json_each(k.value->3) e`;

/** Gives the values in a range, in its order. */
export function listOf(table: Table, range: Range = {}, limit = -1): Statement {
  const params: SqliteValue[] = [];
  const conditions: string[] = [];
  const bound = (columnList: string, comparison: string, values: readonly SqliteValue[]) => {
    conditions.push(`(${columnList}) ${comparison} (${values.map(() => '?').join()})`);
    params.push(...values);
  };
  const byIndex = 'index' in range;
  if (byIndex) {
    bound('i.collection, i.field', '=', range.index.map(ordered));
    if (range.from !== undefined) bound('i.value', '>=', [orderedValue(range.from)]);
    if (range.to !== undefined) bound('i.value', '<=', [orderedValue(range.to)]);
  } else if ('first' in range) {
    bound('t.collection', '=', [ordered(range.first)]);
  } else {
    const key = keyColumns[table].map((name) => `t.${name}`).join();
    if (range.from !== undefined) bound(key, '>=', columnsOf(range.from));
    if (range.to !== undefined) bound(key, '<=', columnsOf(range.to));
  }
  const source = byIndex
    ? `row_index i CROSS JOIN rows t ON t.collection = i.collection AND t.id = i.id`
    : `${table} t`;
  const direction = byIndex && range.desc ? ' DESC' : '';
  const order = (byIndex ? ['i.value', 'i.id'] : keyColumns[table].map((name) => `t.${name}`))
    .map((name) => name + direction)
    .join();
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  return {
    sql: `SELECT t.value AS value FROM ${source}${where} ORDER BY ${order} LIMIT ?`,
    params: [...params, limit],
  };
}
