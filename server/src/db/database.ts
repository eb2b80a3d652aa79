import { type SQL, sql } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type { ConstructorOptions } from 'pg-boss';

/** A Drizzle handle: what queries are built and run with, inside a transaction or out of it. */
export type Queryable = PgDatabase<PgQueryResultHKT, Record<string, never>>;

/** A database, over postgres.js or PGlite: the same SQL runs on both. */
export interface Database {
  /** Runs single statements as the connection's own user (an owner, whom row-level security does not bind). */
  readonly db: Queryable;
  /** The same, for work that nobody waits for; absent where nobody waits for a connection only so long. */
  readonly patientDb?: Queryable;
  /** Whether other nodes and programs may be at work on it too. */
  readonly shared: boolean;
  /** Whether it was opened as a standby, which is only read. */
  readonly standby?: boolean;
  /** Transactions that run at once: more wait for one of these to end. */
  readonly connections: number;
  /** Whether it answers, asked past those who wait for one of the connections; absent where there is only one. */
  readonly ask?: () => Promise<unknown>;
  /** Connections that a transaction holds now, and transactions that wait for one; absent where there is no pool. */
  readonly load?: () => { readonly held: number; readonly waiting: number; readonly most: number };
  /** Runs `body` on one connection that holds the advisory lock `key` for its length, whoever else starts at the same time. */
  withAdvisoryLock(key: number, body: (db: Queryable) => Promise<void>): Promise<void>;
  /** Runs the pending migrations of a drizzle-kit folder; `table` remembers which have run. */
  migrate(db: Queryable, migrations: { folder: string; table: string }): Promise<void>;
  /** How the outbox's pg-boss reaches the same database. */
  readonly pgBoss: Pick<ConstructorOptions, 'connectionString' | 'ssl' | 'max' | 'db' | 'backend'>;
  close(): Promise<void>;
}

/** The database as background work has it: under load it waits for a connection, and never gives up. */
export function inBackground(database: Database): Database {
  const { patientDb } = database;
  return patientDb === undefined ? database : Object.create(database, { db: { value: patientDb } });
}

/** Runs one statement and gives its rows, whose shape the caller states: raw SQL is not typed by Drizzle. */
export async function rowsOf<Row>(db: Queryable, statement: SQL): Promise<Row[]> {
  const result: unknown = await db.execute(statement);
  // postgres.js answers an array of rows, PGlite an object that has them.
  return (Array.isArray(result) ? result : (result as { rows: unknown[] }).rows) as Row[];
}

/**
 * Stands before a read of ours that may be sent while the statements ahead of it are under way. It may lock rows, but
 * must change nothing: should the connection be lost, it may end on another one.
 */
export const readsOnly: SQL = sql.raw('/* reads only */ ');

/**
 * A list as one array parameter, in a form that both drivers hand on unchanged. Read once for the statement, not for
 * each row that it is compared with.
 *
 * @param type of the elements, as PostgreSQL names it
 */
export function textArray(values: readonly string[], type = 'text'): SQL {
  const elements = values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
  const array = sql.raw(`${type}[]`);
  return sql`(select ${`{${elements.join(',')}}`}::text::${array})::${array}`;
}

/** A value as one `json` parameter, likewise; undefined is SQL null. */
export function jsonParameter(value: unknown): SQL {
  return sql`${value === undefined ? null : JSON.stringify(value)}::text::json`;
}
