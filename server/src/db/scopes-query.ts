import { sql } from 'drizzle-orm';
import { type KeyType, scopesQuery, type SyncedTable } from '../engine/synced-table.ts';
import { type Queryable, rowsOf } from './database.ts';
import { quoted } from './identifier.ts';

/**
 * The query of a table's scopes as this database needs it. `sync.membership` finds nothing outside of `pg_catalog` by its
 * name alone: neither a key's type, such as an enum or citext, nor the operator that compares it.
 */
export async function scopesQueryIn(db: Queryable, table: SyncedTable): Promise<string> {
  const [own] = await rowsOf<{ schema: string; type: string; operators: string | null }>(
    db,
    sql`with recursive types (oid) as (
          select a.atttypid from pg_attribute a
          where a.attrelid = to_regclass(${table.name}) and a.attname = ${table.key.name} and not a.attisdropped
          union all
          -- A domain's values are of the type under it, which has the operators and the indexes.
          select t.typbasetype from types join pg_type t on t.oid = types.oid where t.typtype = 'd'
        )
        select n.nspname::text as schema, t.typname::text as type, (
            select o.nspname::text from pg_opclass c
            join pg_amop m on m.amopfamily = c.opcfamily and m.amopstrategy = 3 and m.amoplefttype = t.oid and m.amoprighttype = t.oid
            join pg_operator p on p.oid = m.amopopr join pg_namespace o on o.oid = p.oprnamespace
            where c.opcintype = t.oid and c.opcdefault and c.opcmethod = (select oid from pg_am where amname = 'btree')
          ) as operators
        from types join pg_type t on t.oid = types.oid join pg_namespace n on n.oid = t.typnamespace
        where t.typtype <> 'd' and (n.nspname <> 'pg_catalog' or (select count(*) from types) > 1)`,
  );
  if (own === undefined) return table.scopesQuery;
  const key: KeyType = {
    type: `${quoted(own.schema)}.${quoted(own.type)}`,
    equals: own.operators === null ? '=' : `OPERATOR(${quoted(own.operators)}.=)`,
  };
  return scopesQuery(table, key);
}
