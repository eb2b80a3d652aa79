import { sql, type SQL } from 'drizzle-orm';

const literalPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether a value may stand as a literal in `SET LOCAL`: the one place where parameters are not possible. */
export function isSafeLiteral(value: string): boolean {
  return literalPattern.test(value);
}

/**
 * `SET LOCAL name = 'value'`. Not `set_config()`, which a cluster does not hand on to its workers.
 *
 * @throws TypeError when the value is not of letters, digits, `_` and `-`.
 */
export function setLocal(name: 'ekbaar.tenant' | 'ekbaar.origin', value: string): SQL {
  if (!isSafeLiteral(value)) throw new TypeError(`${name}: ${JSON.stringify(value)} is not a safe literal`);
  return sql.raw(`set local ${name} = '${value}'`);
}

/** A text as an SQL string literal, for DDL and stored queries, which take no parameters. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
