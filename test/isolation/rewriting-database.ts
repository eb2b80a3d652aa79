import type { Database, Queryable } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';

/** Gives a statement's text as it is to be run. */
export type Rewrite = (text: string) => string;

const dialect = new PgDialect();

/** A database whose engine sends other statements than it was written to: for planting bugs in them. */
export function rewritingDatabase(database: Database, rewrite: Rewrite): Database {
  return Object.create(database, { db: { value: rewriting(database.db, rewrite) } }) as Database;
}

function rewriting(db: Queryable, rewrite: Rewrite): Queryable {
  const transaction: Queryable['transaction'] = (body, config) =>
    db.transaction((tx) => body(rewriting(tx, rewrite) as typeof tx), config);
  const execute = (query: SQL) => db.execute(rewritten(query, rewrite));
  return Object.create(db, { transaction: { value: transaction }, execute: { value: execute } }) as Queryable;
}

function rewritten(query: SQL, rewrite: Rewrite): SQL {
  const { sql: text, params } = dialect.sqlToQuery(query);
  const changed = rewrite(text);
  if (changed === text) return query;
  // Every other part is the number of a parameter.
  const parts = changed
    .split(/\$(\d+)/)
    .map((part, at) => (at % 2 === 0 ? sql.raw(part) : sql.param(params[Number(part) - 1])));
  return sql.join(parts);
}
