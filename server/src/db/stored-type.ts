import type { PgColumn } from 'drizzle-orm/pg-core';

const serials: Readonly<Record<string, string>> = { smallserial: 'smallint', serial: 'integer', bigserial: 'bigint' };

/** The type that a value of the column is cast to: `serial` and its kin are ways to make a column, not types. */
export function storedType(column: PgColumn): string {
  const type = column.getSQLType();
  return serials[type] ?? type;
}
