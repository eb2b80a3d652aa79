import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import type { Database, Queryable } from './database.ts';

/**
 * PostgreSQL 15 or later through postgres.js.
 *
 * @param url `postgres://user:password@host:port/database`
 * @param connections most connections kept at once
 */
export function postgresDatabase(url: string, { connections = 10 }: { connections?: number } = {}): Database {
  const open = (max: number) =>
    postgres(url, {
      max,
      connect_timeout: 10,
      idle_timeout: 60,
      onnotice: () => {},
      connection: {
        application_name: 'ekbaar',
        // A mutator that hangs must not hold its locks for ever; a row that another holds is waited for, not for long.
        statement_timeout: 30_000,
        lock_timeout: 10_000,
        idle_in_transaction_session_timeout: 60_000,
      },
    });
  const client = open(connections);
  return {
    db: drizzle(client) as unknown as Queryable,
    connections,
    pgBoss: { connectionString: url, max: 2 },
    async withAdvisoryLock(key, body) {
      // A connection of its own: the lock belongs to the session, and migrations may take longer than any request.
      const session = open(1);
      try {
        const db = drizzle(session) as unknown as Queryable;
        await db.execute(sql`set statement_timeout = 0`);
        await db.execute(sql`set lock_timeout = 0`);
        await db.execute(sql`select pg_advisory_lock(${key})`);
        await body(db);
      } finally {
        await session.end({ timeout: 5 });
      }
    },
    migrate: (db, { folder, table }) =>
      migrate(db as unknown as Parameters<typeof migrate>[0], { migrationsFolder: folder, migrationsTable: table }),
    close: () => client.end({ timeout: 5 }),
  };
}
