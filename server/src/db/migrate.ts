import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { SyncedTable } from '../engine/synced-table.ts';
import type { Database, Queryable } from './database.ts';
import { guard } from './guard.ts';
import { withShortLocks } from './short-locks.ts';
import { track, type TrackOptions } from './track.ts';

/** Any constant will do, as long as every Ekbaar node uses the same: 'ekba' in ASCII. */
const migrationLock = 0x656b6261;

export const ownMigrations = fileURLToPath(new URL('../../migrations', import.meta.url));

/** What a database must have before a server may use it. */
export interface Schema extends TrackOptions {
  readonly synced: Iterable<SyncedTable>;
  /** Tables that mutators use but clients never see: under row-level security all the same. */
  readonly serverTables: Iterable<PgTable>;
  /** The app's own drizzle-kit folder, if the server is to run it. */
  readonly migrations?: string | undefined;
  /** What is to be done with all tables before they are tracked, such as spreading them over a cluster. */
  readonly beforeTracking?: ((db: Queryable) => Promise<void>) | undefined;
}

/**
 * Brings a database up to date; nodes that start together wait for the first.
 *
 * @throws Error when another transaction has held what a migration needs for minutes
 */
export async function migrate(database: Database, schema: Schema): Promise<void> {
  await withMigrationLock(database, async (db) => {
    await migrateFolder(database, db, { folder: ownMigrations, table: 'ekbaar_migrations' });
    if (schema.migrations !== undefined)
      await migrateFolder(database, db, { folder: schema.migrations, table: 'app_migrations' });
    await assertRole(db);
    await schema.beforeTracking?.(db);
    for (const table of schema.serverTables) await guard(db, table);
    await track(db, schema.synced, schema);
  });
}

/**
 * A migration that waited behind a long reader, say a backup, would keep every push waiting behind itself. All pending ones
 * of a folder are one transaction, so what had no lock in time is undone, and tried again.
 */
function migrateFolder(
  database: Database,
  db: Queryable,
  migrations: { folder: string; table: string },
): Promise<void> {
  return withShortLocks(db, `Migrating (${migrations.folder})`, (tx) => database.migrate(joined(tx), migrations));
}

/** Drizzle's migrator begins a transaction of its own on the session that it finds: here it is in the one that there is. */
function joined(tx: Queryable): Queryable {
  const { session } = tx as unknown as { readonly session: object };
  const transaction = (body: (within: Queryable) => Promise<unknown>) => body(tx);
  return Object.create(tx, { session: { value: Object.create(session, { transaction: { value: transaction } }) } });
}

/** Runs what changes tables and functions: one program at a time. */
export function withMigrationLock(database: Database, body: (db: Queryable) => Promise<void>): Promise<void> {
  return database.withAdvisoryLock(migrationLock, body);
}

/** @throws Error when the database's user cannot take the engine's role: tenants would not be kept apart. */
async function assertRole(db: Queryable): Promise<void> {
  try {
    await db.transaction((tx) => tx.execute(sql`set local role ekbaar_engine`));
  } catch (error) {
    throw new Error(
      'The database user cannot take the role ekbaar_engine: let an administrator GRANT ekbaar_engine TO it',
      {
        cause: error,
      },
    );
  }
}
