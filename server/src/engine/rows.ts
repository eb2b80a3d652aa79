import type { Row } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf, textArray } from '../db/database.ts';
import { quoted } from '../db/identifier.ts';
import type { SyncedTable } from './synced-table.ts';

/** A row as clients see it, with the scopes that its columns admit. */
export interface ScopedRow {
  readonly row: Row;
  readonly scopes: readonly string[];
}

/** Rows by their ids, as they stand in this snapshot; ids without a row are missing from the answer. */
export async function readRows(
  tx: Queryable,
  table: SyncedTable,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, ScopedRow>> {
  const key = sql.raw(`t.${quoted(table.key.name)}`);
  const rows = await rowsOf<{ id: string; scopes: string; row: string }>(
    tx,
    sql`select ${key}::text as id, ${sql.raw(table.scopesSql)}::text as scopes, ${sql.raw(table.rowSql)}::text as row
        from ${sql.raw(table.name)} t
        where ${sql.raw(`t.${quoted(table.tenant.name)}`)} = ${tenant} and ${key} = any(${textArray(ids)}::${sql.raw(table.key.getSQLType())}[])`,
  );
  return new Map(
    rows.map(({ id, scopes, row }) => [id, { row: JSON.parse(row) as Row, scopes: JSON.parse(scopes) as string[] }]),
  );
}
