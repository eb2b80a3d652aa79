import { sql, type SQL } from 'drizzle-orm';
import type { SyncedTable } from '../engine/synced-table.ts';
import { type Queryable, rowsOf } from './database.ts';
import { literal, quoted } from './identifier.ts';
import { isFit } from './mark-trigger.ts';
import { storedType } from './stored-type.ts';

/** Rows that one transaction marks. */
const rowsPerBatch = 5000;

export interface FillStep {
  /** More is to be done, all is done, or another node is at it. */
  readonly state: 'more' | 'filled' | 'busy';
  /** How many rows it marked. */
  readonly rows: number;
}

/**
 * How far the marking of a table's rows has come, kept in `sync.tracked.filled_to`: first what phones hold of rows that
 * the table has no more, then the rows in the order of an index.
 */
type Position =
  | { readonly of: 'lines'; readonly tenant: string; readonly id: string }
  | { readonly of: 'rows'; readonly last: RowPlace | null };

interface RowPlace {
  readonly by: Order;
  readonly tenant: string;
  readonly id: string;
}

/** Which comes first in the index that leads to the rows. */
type Order = 'tenant' | 'key';

/**
 * Marks the next rows of a table that was tracked while it held some: a short transaction that locks no row of the table.
 * Writes meanwhile are marked by the triggers, which were there first. A killed process loses at most its last step.
 */
export async function fillStep(db: Queryable, table: SyncedTable, most: number = rowsPerBatch): Promise<FillStep> {
  return db.transaction(async (tx) => {
    const [state] = await rowsOf<{ filledTo: string | null }>(
      tx,
      sql`select filled_to as "filledTo" from sync.tracked
          where collection = ${table.collection} and not filled for update skip locked`,
    );
    if (state === undefined) return { state: (await isFilled(tx, table.collection)) ? 'filled' : 'busy', rows: 0 };
    const at: Position = state.filledTo === null ? beginning : (JSON.parse(state.filledTo) as Position);
    const { next, rows } =
      at.of === 'lines' ? await markLines(tx, table, at, most) : await markRows(tx, table, at.last, most);
    await tx.execute(sql`
      update sync.tracked set filled = ${next === undefined}, filled_to = ${next === undefined ? null : JSON.stringify(next)}
      where collection = ${table.collection}`);
    return { state: next === undefined ? 'filled' : 'more', rows };
  });
}

async function isFilled(tx: Queryable, collection: string): Promise<boolean> {
  const [state] = await rowsOf<{ filled: boolean }>(
    tx,
    sql`select filled from sync.tracked where collection = ${collection}`,
  );
  return state?.filled !== false;
}

const beginning: Position = { of: 'lines', tenant: '', id: '' };

/** Whether an index leads from the key alone to the rows; otherwise it should be one of tenant and key. */
async function orderOf(tx: Queryable, table: SyncedTable): Promise<Order> {
  const [found] = await rowsOf<{ both: boolean; key: boolean }>(
    tx,
    sql`select coalesce(bool_or(a.attname = ${table.tenant.name} and b.attname = ${table.key.name}), false) as both,
          coalesce(bool_or(a.attname = ${table.key.name}), false) as key
        from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        left join pg_attribute b on b.attrelid = i.indrelid and b.attnum = i.indkey[1]
        where i.indrelid = to_regclass(${table.name}) and i.indisvalid and i.indpred is null`,
  );
  return found?.both !== true && found?.key === true ? 'key' : 'tenant';
}

/** What a step marked, and where the next one begins; undefined at the end. */
interface Marked {
  readonly rows: number;
  readonly next: Position | undefined;
}

/** @param last where to go on; from the start when the index is another one than before */
async function markRows(tx: Queryable, table: SyncedTable, last: RowPlace | null, most: number): Promise<Marked> {
  const order = await orderOf(tx, table);
  const from = last?.by === order ? last : null;
  const tenant = `t.${quoted(table.tenant.name)}`;
  const key = `t.${quoted(table.key.name)}`;
  const columns = sql.raw(order === 'tenant' ? `${tenant}, ${key}` : `${key}, ${tenant}`);
  const [end] = await rowsOf<{ tenant: string; id: string; rows: number }>(
    tx,
    sql`with batch as materialized (
          select ${sql.raw(tenant)}::text as tenant, ${sql.raw(key)}::text as id, ${sql.raw(isFit(table, 't'))} as fit,
            row_number() over (order by ${columns}) as place
          from ${sql.raw(table.name)} t
          where ${sql.raw(tenant)} is not null and ${sql.raw(key)} is not null and ${after(table, columns, from)}
          order by ${columns} limit ${most}
        ), marked as (
          insert into sync.dirty (tenant, collection, row_id, origin)
          select b.tenant, ${sql.raw(literal(table.collection))}, b.id, '' from batch b where b.fit order by b.place
        )
        select b.tenant, b.id, b.place::int as rows from batch b order by b.place desc limit 1`,
  );
  const rows = end?.rows ?? 0;
  if (end === undefined || rows < most) return { rows, next: undefined };
  return { rows, next: { of: 'rows', last: { by: order, tenant: end.tenant, id: end.id } } };
}

function after(table: SyncedTable, columns: SQL, at: RowPlace | null): SQL {
  if (at === null) return sql`true`;
  const tenant = sql`${at.tenant}::text::${sql.raw(storedType(table.tenant))}`;
  const key = sql`${at.id}::text::${sql.raw(storedType(table.key))}`;
  return at.by === 'tenant' ? sql`(${columns}) > (${tenant}, ${key})` : sql`(${columns}) > (${key}, ${tenant})`;
}

/** Rows that went while nothing marked it (the triggers were off, the table was made anew) are still on the phones. */
async function markLines(
  tx: Queryable,
  table: SyncedTable,
  at: Position & { of: 'lines' },
  most: number,
): Promise<Marked> {
  const key = sql.raw(`t.${quoted(table.key.name)}`);
  const [last] = await rowsOf<{ id: string; lines: number; rows: number }>(
    tx,
    sql`with batch as materialized (
          select c.row_id from sync.changes c
          where c.tenant = ${at.tenant} and c.collection = ${table.collection} and c.row_id > ${at.id} and c.tag <> 0
          order by c.row_id limit ${most}
        ), marked as (
          insert into sync.dirty (tenant, collection, row_id, origin)
          select distinct ${at.tenant}::text, ${sql.raw(literal(table.collection))}, b.row_id, '' from batch b
          where not exists (
            select from ${sql.raw(table.name)} t
            where ${sql.raw(`t.${quoted(table.tenant.name)}`)} = ${at.tenant} and ${key} = b.row_id::${sql.raw(storedType(table.key))}
          )
          returning 1
        )
        select max(b.row_id) as id, count(*)::int as lines, (select count(*) from marked)::int as rows from batch b`,
  );
  const rows = last?.rows ?? 0;
  if (last?.lines === most) return { rows, next: { ...at, id: last.id } };
  const tenant = await nextTenant(tx, table.collection, at.tenant);
  return { rows, next: tenant === undefined ? { of: 'rows', last: null } : { of: 'lines', tenant, id: '' } };
}

/** The next tenant whose phones hold rows of a collection: one look into the index for each tenant, not for each line. */
export async function nextTenant(tx: Queryable, collection: string, after: string): Promise<string | undefined> {
  const [next] = await rowsOf<{ tenant: string }>(
    tx,
    sql`with recursive tenants (tenant) as (
          (select c.tenant from sync.changes c where c.tenant > ${after} order by c.tenant limit 1)
          union all
          select (select c.tenant from sync.changes c where c.tenant > t.tenant order by c.tenant limit 1)
          from tenants t where t.tenant is not null
        )
        select t.tenant from tenants t where exists (
          select from sync.changes c where c.tenant = t.tenant and c.collection = ${collection} and c.tag <> 0
        ) limit 1`,
  );
  return next?.tenant;
}
