import { ProblemError } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { storable } from '../described-route.ts';
import { Day } from '../values.ts';

/** What a list is sorted by, and its rows' ids, which part rows that are equal. */
export interface Keyset {
  /** `-amountPaise`: says of which question a cursor is. */
  readonly order: string;
  readonly column: SQL;
  /** As PostgreSQL names it. */
  readonly type: 'text' | 'bigint' | 'date' | 'timestamptz';
  readonly id: SQL;
  readonly descending: boolean;
}

const Cursor = z.tuple([z.string(), z.nullable(z.string()), z.string()]);
const shapes: Readonly<Record<Keyset['type'], RegExp>> = {
  text: /^/,
  bigint: /^-?\d{1,16}$/,
  date: /^/,
  timestamptz: /^.{10}[T ]([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,6})?(Z|\+00(:00)?)$/,
};

/** Rows come with `sort`, the text of what they are sorted by, and `id`. One row more than the limit says that there is a next page. */
export function pageOf<Row extends { readonly id: string; readonly sort: string | null }>(
  { order }: Pick<Keyset, 'order'>,
  rows: readonly Row[],
  limit: number,
): { rows: readonly Row[]; next: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const next =
    last === undefined ? null : Buffer.from(JSON.stringify([order, last.sort, last.id])).toString('base64url');
  return { rows: rows.slice(0, limit), next };
}

/** `order by … limit …`, rows without a value last. */
export function orderOf({ column, id, descending }: Keyset, limit: number): SQL {
  const direction = sql.raw(descending ? 'desc' : 'asc');
  return sql`order by ${column} ${direction} nulls last, ${id} ${direction} limit ${limit + 1}`;
}

/** SQL that holds for the rows after the page that ended at `cursor`. @throws ProblemError `malformed` for one that is none */
export function pastCursor({ order, column, type, id, descending }: Keyset, cursor: string | undefined): SQL {
  if (cursor === undefined || cursor === '') return sql`true`;
  const [value, lastId] = readCursor(cursor, order, type);
  const past = sql.raw(descending ? '<' : '>');
  if (value === null) return sql`(${column} is null and ${id} ${past} ${lastId})`;
  const last = sql`${value}::text::${sql.raw(type)}`;
  return sql`(${column} ${past} ${last} or (${column} = ${last} and ${id} ${past} ${lastId}) or ${column} is null)`;
}

function readCursor(cursor: string, order: string, type: Keyset['type']): [string | null, string] {
  const parsed = Cursor.safeParse(parsedJson(Buffer.from(cursor, 'base64url').toString()));
  if (parsed.success) {
    const [of, value, id] = parsed.data;
    if (of === order && (value === null || fits(type, value)) && storable(id)) return [value, id];
  }
  throw new ProblemError('malformed', 'The cursor is none of this question: ask without one for the first page', {
    issues: [{ path: 'cursor', message: 'not a cursor of this question' }],
  });
}

function fits(type: Keyset['type'], value: string): boolean {
  const hasDay = type === 'date' || type === 'timestamptz';
  const day = type === 'date' ? value : value.slice(0, 10);
  return storable(value) && shapes[type].test(value) && (!hasDay || Day.safeParse(day).success);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
