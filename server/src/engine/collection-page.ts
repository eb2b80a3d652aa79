import type { Row } from '@ekbaar/sdk/protocol';
import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { type Queryable, rowsOf, textArray } from '../db/database.ts';
import { databaseCode } from '../db/fault.ts';
import { quoted } from '../db/identifier.ts';
import { storedType } from '../db/stored-type.ts';
import { ProblemError } from '../problem.ts';
import type { ReadableScope } from './actor.ts';
import { bytesPerPage } from './changes.ts';
import { decodePageCursor, encodePageCursor } from './page-cursor.ts';
import type { ScopeRule, SyncedTable } from './synced-table.ts';

/** A question to a collection. All named fields must be declared as indexes, or be the key. */
export interface PageRequest {
  readonly tenant: string;
  readonly readable: readonly ReadableScope[];
  /** Field → values, any of which fits. */
  readonly filters: ReadonlyMap<string, readonly string[]>;
  /** A field, or `-field` for the reverse; the key by default. */
  readonly sort?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page {
  readonly rows: readonly Row[];
  /** Cursor of the next page; null on the last one. */
  readonly next: string | null;
}

/**
 * One page of the rows an actor may read, by keyset: a later page is no slower, and no row is shown twice or left
 * out because others came and went.
 *
 * @throws ProblemError `malformed` naming the parameter that does not fit
 */
export async function collectionPage(tx: Queryable, table: SyncedTable, request: PageRequest): Promise<Page> {
  const descending = request.sort?.startsWith('-') === true;
  const sortBy = request.sort?.replace(/^-/, '') ?? table.declaration.key;
  const sorted = askable(table, sortBy, 'sort');
  const order = `${descending ? '-' : ''}${sortBy}`;
  const after =
    request.cursor === undefined ? [] : [pastRow(table, sorted, descending, decodePageCursor(request.cursor, order))];
  const filters = [...request.filters].map(([field, values]) => anyOf(askable(table, field, field), values));
  const where = sql.join(
    [ofTenant(table, request.tenant), readableRows(table, request.readable), ...filters, ...after],
    sql` and `,
  );
  const direction = sql.raw(descending ? 'desc' : 'asc');
  const inOrder = (sort: SQL, key: SQL) => sql`order by ${sort} ${direction} nulls last, ${key} ${direction}`;
  const rows = await select(
    tx,
    table,
    sql`${where} ${inOrder(column(sorted), column(table.key))} limit ${request.limit + 1}`,
    sorted,
    inOrder(sql`at`, sql`key`),
  ).catch((error) => {
    throw isNoValue(error) ? noValueOfField(request, error) : error;
  });
  const page = rows.slice(0, request.limit).filter(({ row }) => row !== null);
  const last = page.at(-1);
  return {
    rows: page.map(({ row }) => JSON.parse(row ?? '') as Row),
    next: rows.length > page.length && last !== undefined ? encodePageCursor(order, last.sort, last.id) : null,
  };
}

/**
 * One row that the actor may read.
 *
 * @throws ProblemError `not_found`, also for one that exists elsewhere (that is not to be learnt), and for an id that the
 * key's column cannot have
 */
export async function collectionRow(
  tx: Queryable,
  table: SyncedTable,
  request: Pick<PageRequest, 'tenant' | 'readable'> & { id: string },
): Promise<Row> {
  const notFound = (cause?: unknown) =>
    new ProblemError('not_found', `There is no ${table.collection} "${request.id}" that this token may read`, {
      cause,
    });
  const where = sql.join(
    [ofTenant(table, request.tenant), readableRows(table, request.readable), anyOf(table.key, [request.id])],
    sql` and `,
  );
  const [found] = await select(tx, table, where, table.key).catch((error) => {
    throw isNoValue(error) ? notFound(error) : error;
  });
  if (found?.row == null) throw notFound();
  return JSON.parse(found.row) as Row;
}

/** The rows, in order, without their JSON from where they would fill more than a page. */
async function select(
  tx: Queryable,
  table: SyncedTable,
  rest: SQL,
  sorted: PgColumn,
  inOrder: SQL = sql`order by key`,
) {
  return rowsOf<{ row: string | null; sort: string | null; id: string }>(
    tx,
    sql`select case when bytes - octet_length(row) < ${bytesPerPage} then row end as row, sort, id from (
          select found.*, sum(octet_length(row)) over (${inOrder} rows unbounded preceding) as bytes from (
            select ${sql.raw(table.rowSql)}::text as row, ${column(sorted)} as at, ${column(sorted)}::text as sort,
              ${column(table.key)} as key, ${column(table.key)}::text as id
            from ${sql.raw(table.name)} t where ${rest}
          ) found
        ) weighed ${inOrder}`,
  );
}

/** Class 22: what was asked for is no value of its column's type. */
function isNoValue(error: unknown): boolean {
  return databaseCode(error)?.startsWith('22') === true;
}

/** PostgreSQL does not say which value it was: all that the query string gave are named. */
function noValueOfField({ filters, cursor }: PageRequest, cause: unknown): ProblemError {
  const given = [...filters.keys(), ...(cursor === undefined ? [] : ['cursor'])];
  const message = 'a filter or the cursor has a value that its field cannot have';
  return new ProblemError('malformed', `The query does not fit: ${message}`, {
    issues: given.map((path) => ({ path, message })),
    cause,
  });
}

function column(of: PgColumn): SQL {
  return sql.raw(`t.${quoted(of.name)}`);
}

function askable(table: SyncedTable, field: string, parameter: string): PgColumn {
  const allowed = [table.declaration.key, ...table.declaration.indexes];
  const found = allowed.includes(field) ? table.columns.get(field) : undefined;
  if (found !== undefined) return found;
  const message = `"${field}" cannot be asked for; ${table.collection} can be by ${allowed.join(', ')}`;
  throw new ProblemError('malformed', message, { issues: [{ path: parameter, message }] });
}

function ofTenant(table: SyncedTable, tenant: string): SQL {
  return sql`${column(table.tenant)} = ${tenant}`;
}

function anyOf(of: PgColumn, values: readonly string[]): SQL {
  return sql`${column(of)} = any(${textArray(values, storedType(of))})`;
}

/** The rows that are in at least one scope the actor may read. */
function readableRows(table: SyncedTable, readable: readonly ReadableScope[]): SQL {
  const rules = table.scopes.flatMap((rule) => readableBy(rule, readable));
  return rules.length === 0 ? sql`false` : sql`(${sql.join(rules, sql` or `)})`;
}

function readableBy(rule: ScopeRule, readable: readonly ReadableScope[]): SQL[] {
  const kind = `${rule.kind}:`;
  const text = sql`${column(rule.column)}::text`;
  const values = readable.flatMap((scope) =>
    typeof scope === 'string' && scope.startsWith(kind) ? [scope.slice(kind.length)] : [],
  );
  // A prefix of the kind itself, or of nothing at all: every scope of the kind begins with it.
  const all = readable.some((scope) => typeof scope !== 'string' && kind.startsWith(scope.prefix));
  if (all) return [sql`${column(rule.column)} is not null`];
  const prefixes = readable.flatMap((scope) =>
    typeof scope !== 'string' && scope.prefix.startsWith(kind) ? [scope.prefix.slice(kind.length)] : [],
  );
  return [
    ...(values.length === 0 ? [] : [sql`${text} = any(${textArray(values)})`]),
    ...prefixes.map((prefix) => sql`starts_with(${text}, ${prefix})`),
  ];
}

/** Beyond the last row of the page before, in an order that has nulls last. */
function pastRow(
  table: SyncedTable,
  sorted: PgColumn,
  descending: boolean,
  [value, id]: readonly [string | null, string],
): SQL {
  const beyond = sql.raw(descending ? '<' : '>');
  const typed = (text: string, of: PgColumn) => sql`${text}::text::${sql.raw(storedType(of))}`;
  const sort = column(sorted);
  const pastKey = sql`${column(table.key)} ${beyond} ${typed(id, table.key)}`;
  if (value === null) return sql`(${sort} is null and ${pastKey})`;
  const at = typed(value, sorted);
  return sql`(${sort} ${beyond} ${at} or (${sort} = ${at} and ${pastKey}) or ${sort} is null)`;
}
