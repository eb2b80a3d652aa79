import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf, textArray } from '../db/database.ts';
import type { Aside } from './set-aside.ts';

/** A write of a row that is not published yet. */
export interface Mark {
  readonly id: string;
  readonly collection: string;
  readonly row: string;
}

/** Committed marks that wait to be published. */
export interface Backlog {
  /** How many; at most 100,000 are counted. */
  readonly marks: number;
  /** How long the oldest has waited; null without any. */
  readonly oldestMs: number | null;
}

const mostCounted = 100_000;

/** The tenants that have marks, and each one's first: one look into the index for each tenant, whatever the backlog. */
const tenantsWithMarks = sql.raw(`
  with recursive tenants (tenant) as (
    (select d.tenant from sync.dirty d order by d.tenant limit 1)
    union all
    select (select d.tenant from sync.dirty d where d.tenant > t.tenant order by d.tenant limit 1)
    from tenants t where t.tenant is not null
  )`);

/** The tenants that have marks. */
export async function markedTenants(db: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ tenant: string }>(
    db,
    sql`${tenantsWithMarks} select t.tenant from tenants t where t.tenant is not null`,
  );
  return rows.map(({ tenant }) => tenant);
}

/** The tenant's newest mark. Ids are given before the commit: some below it may come later. */
export async function newestMark(db: Queryable, tenant: string): Promise<string | undefined> {
  const [mark] = await rowsOf<{ id: string }>(
    db,
    sql`select d.id::text as id from sync.dirty d where d.tenant = ${tenant} order by d.id desc limit 1`,
  );
  return mark?.id;
}

/** The tenant's first mark, up to this one, that is not left out and that no other transaction is about to publish. */
export async function firstFreeMark(
  tx: Queryable,
  tenant: string,
  { marks, collections }: Aside,
  upTo?: string,
): Promise<Mark | undefined> {
  const bounded = upTo === undefined ? sql`` : sql`and d.id <= ${upTo}::bigint`;
  const named = marks.length === 0 ? sql`` : sql`and d.id <> all (${textArray(marks, 'bigint')})`;
  const of = collections.length === 0 ? sql`` : sql`and d.collection <> all (${textArray(collections)})`;
  const [mark] = await rowsOf<Mark>(
    tx,
    sql`select d.id::text as id, d.collection, d.row_id as row from sync.dirty d
        where d.tenant = ${tenant} ${bounded} ${named} ${of} order by d.id limit 1 for update skip locked`,
  );
  return mark;
}

/** Collections whose rows nobody can read now: their table, or a partition of it, is locked or about to be. */
export async function lockedCollections(db: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ collection: string }>(
    db,
    sql`select t.collection from sync.tracked t where exists (
          select from pg_locks l
          where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
            and l.database = (select d.oid from pg_database d where d.datname = current_database())
            and (l.relation = to_regclass(t.table_name)
              or l.relation in (select p.relid from pg_partition_tree(to_regclass(t.table_name)) p))
        ) order by 1`,
  );
  return rows.map(({ collection }) => collection);
}

export async function readBacklog(db: Queryable): Promise<Backlog> {
  const [found] = await rowsOf<{ marks: number; oldest: string | null }>(
    db,
    sql`${tenantsWithMarks}
        select (select count(*) from (select from sync.dirty limit ${sql.raw(String(mostCounted))}) d)::int as marks,
          (select max(extract(epoch from clock_timestamp() - (
            select d.at from sync.dirty d where d.tenant = t.tenant order by d.id limit 1
          ))) * 1000 from tenants t where t.tenant is not null)::text as oldest`,
  );
  const oldest = found?.oldest ?? null;
  return { marks: found?.marks ?? 0, oldestMs: oldest === null ? null : Math.max(0, Number(oldest)) };
}
