import { type Queryable, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import type { ExportKind } from '../../export-answers.ts';
import { type ExportScope, type ExportRow, sources } from './sources.ts';

const rowsAtOnce = 1000;

/** How many rows there will be, in the transaction's snapshot. */
export async function countRows(tx: Queryable, kind: ExportKind, scope: ExportScope): Promise<number> {
  const [row] = await rowsOf<{ count: string }>(
    tx,
    sql`select count(*) as count from (${sources[kind].rows(scope)}) rows_of_it`,
  );
  return Number(row?.count ?? 0);
}

/** The rows, some at a time, from a cursor of the database's: however many there are, few are held. */
export async function* readRows(tx: Queryable, kind: ExportKind, scope: ExportScope): AsyncGenerator<ExportRow[]> {
  await tx.execute(sql`declare rows_to_export no scroll cursor for ${sources[kind].rows(scope)}`);
  for (;;) {
    const rows = await rowsOf<{ row: ExportRow | string }>(
      tx,
      sql`fetch forward ${sql.raw(String(rowsAtOnce))} from rows_to_export`,
    );
    if (rows.length === 0) break;
    yield rows.map(({ row }) => (typeof row === 'string' ? (JSON.parse(row) as ExportRow) : row));
  }
  await tx.execute(sql`close rows_to_export`);
}
