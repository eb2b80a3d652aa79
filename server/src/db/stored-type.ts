import { is } from 'drizzle-orm';
import { type PgColumn, PgEnumColumn, PgEnumObjectColumn } from 'drizzle-orm/pg-core';
import { quoted } from './identifier.ts';

const serials: Readonly<Record<string, string>> = { smallserial: 'smallint', serial: 'integer', bigserial: 'bigint' };

/** The type that a value of the column is cast to: `serial` and its kin are ways to make a column, not types. */
export function storedType(column: PgColumn): string {
  // Drizzle leaves out an enum's schema, and does not quote its name.
  if (is(column, PgEnumColumn) || is(column, PgEnumObjectColumn)) {
    const { schema, enumName } = column.enum;
    return schema === undefined ? quoted(enumName) : `${quoted(schema)}.${quoted(enumName)}`;
  }
  const type = column.getSQLType();
  return serials[type] ?? type;
}
