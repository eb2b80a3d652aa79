import { sql, type SQL } from 'drizzle-orm';
import { literal, quoted } from '../db/identifier.ts';
import { storedType } from '../db/stored-type.ts';
import type { SyncedTable } from './synced-table.ts';

/** What reading a collection's rows needs of its table. */
export type ReadTable = Pick<SyncedTable, 'name' | 'key' | 'tenant' | 'rowSql' | 'scopesSql'>;

/**
 * SQL that gives, for a line `l` (scope, collection, row_id), the row's JSON text as it stands in this snapshot: null when
 * it is gone, or when its columns do not admit it to the line's scope, from which it has moved since the line was written.
 */
export function rowOfLine(tables: ReadonlyMap<string, ReadTable>, tenant: string): SQL {
  if (tables.size === 0) return sql`null`;
  // Each branch asks its table only, by the key's own type: an id of one collection may be none of another's.
  const branches = [...tables].map(([collection, { name, key, tenant: ofTenant, rowSql, scopesSql }]) => {
    const column = (of: { readonly name: string }) => sql.raw(`t.${quoted(of.name)}`);
    return sql`when ${sql.raw(literal(collection))} then (
      select case when l.scope = any(${sql.raw(scopesSql)}) then ${sql.raw(rowSql)}::text end
      from ${sql.raw(name)} t where ${column(ofTenant)} = ${tenant} and ${column(key)} = l.row_id::${sql.raw(storedType(key))})`;
  });
  return sql`case l.collection ${sql.join(branches, sql` `)} end`;
}
