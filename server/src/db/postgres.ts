import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import type { Sql } from 'postgres';
import { ConnectionPool } from './connection-pool.ts';
import type { Database, Queryable } from './database.ts';

/**
 * PostgreSQL 15 or later through postgres.js.
 *
 * @param url `postgres://user:password@host:port/database`
 * @param connections most connections kept at once
 */
export function postgresDatabase(url: string, { connections = 10 }: { connections?: number } = {}): Database {
  const options = {
    connect_timeout: 10,
    onnotice: () => {},
    connection: {
      application_name: 'ekbaar',
      // A mutator that hangs must not hold its locks for ever; a row that another holds is waited for, not for long.
      statement_timeout: 30_000,
      lock_timeout: 10_000,
      idle_in_transaction_session_timeout: 60_000,
    },
  };
  const pool = new ConnectionPool(url, connections, options);
  return {
    db: drizzleOn(pool),
    pgBoss: { connectionString: url, max: 2 },
    async withAdvisoryLock(key, body) {
      // A connection of its own: the lock belongs to the session, and migrations may take longer than any request.
      const session = new ConnectionPool(url, 1, options);
      try {
        const db = drizzleOn(session);
        await db.execute(sql`set statement_timeout = 0`);
        await db.execute(sql`set lock_timeout = 0`);
        await db.execute(sql`select pg_advisory_lock(${key})`);
        await body(db);
      } finally {
        await session.end();
      }
    },
    migrate: (db, { folder, table }) =>
      migrate(db as unknown as Parameters<typeof migrate>[0], { migrationsFolder: folder, migrationsTable: table }),
    close: () => pool.end(),
  };
}

function drizzleOn(pool: ConnectionPool): Queryable {
  // The pool has what Drizzle asks of the driver: options, unsafe, begin, and savepoint inside a transaction.
  return drizzle(pool as unknown as Sql) as unknown as Queryable;
}
