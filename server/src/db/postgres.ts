import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import type { Sql } from 'postgres';
import { ConnectionLost, statement } from './connection.ts';
import { ConnectionPool, type PoolClient } from './connection-pool.ts';
import { type Database, type Queryable, rowsOf } from './database.ts';
import { databaseCode } from './fault.ts';
import { databaseAddress, type DatabaseAddress } from './tls.ts';

export interface PostgresOptions {
  /** Most connections kept at once; 10 by default. */
  readonly connections?: number | undefined;
  /**
   * How long a request's transaction may wait for one of them to come free, 5 s by default; then it is answered 503. What
   * the engine does in the background waits for as long as it takes.
   */
  readonly connectionWaitMs?: number | undefined;
  /**
   * `transaction` when the url leads to a pooler that hands out server connections by the transaction, such as PgBouncer
   * with `pool_mode = transaction`: then nothing is asked of a session.
   */
  readonly pooler?: 'transaction' | undefined;
  /** True for a streaming standby: what is read there is read in one snapshot, and nothing is written. */
  readonly standby?: boolean | undefined;
}

/** In milliseconds; 0 is none. */
type TimeLimits = Readonly<
  Record<'statement_timeout' | 'lock_timeout' | 'idle_in_transaction_session_timeout', number>
>;

/** A mutator that hangs must not hold its locks for ever; a row that another holds is waited for, not for long. */
const timeLimits: TimeLimits = {
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 60_000,
};
/** For whoever only wants to know whether the database answers. */
const askMs = 3000;
const noLimits: TimeLimits = { statement_timeout: 0, lock_timeout: 0, idle_in_transaction_session_timeout: 0 };

/**
 * PostgreSQL 15 or later through postgres.js.
 *
 * @param address `postgres://user:password@host:port/database`; with `?sslmode=` and `sslrootcert=` over TLS, as
 * PostgreSQL's own programs read them; with several hosts, as they take it, for a server without queues
 */
export function postgresDatabase(
  address: string,
  { connections = 10, connectionWaitMs = 5000, pooler, standby = false }: PostgresOptions = {},
): Database {
  const size = { most: connections, waitMs: connectionWaitMs };
  const { url, tls } = databaseAddress(address);
  if (pooler === 'transaction') return pooledDatabase({ url, tls }, size, standby);
  const options = {
    ...driverOptions,
    ...tls,
    connection: { ...driverOptions.connection, ...timeLimits },
  };
  const pool = new ConnectionPool(url, size, options, { standby });
  // Whoever asks must not wait behind what a full pool waits for.
  const asking = new ConnectionPool(
    url,
    { most: 1, waitMs: askMs },
    { ...options, connection: { ...options.connection, statement_timeout: askMs } },
    { standby },
  );
  return {
    db: drizzleOn(pool),
    patientDb: drizzleOn(pool.patient),
    shared: true,
    standby,
    connections,
    ask: () => drizzleOn(asking).execute(sql`select 1`),
    load: () => pool.load,
    pgBoss: { connectionString: url, ...tls, max: 2 },
    async withAdvisoryLock(key, body) {
      // A connection of its own: the lock belongs to the session, and migrations may take longer than any request.
      const session = new ConnectionPool(url, { most: 1 }, options, { oneSession: true });
      try {
        const db = drizzleOn(session);
        await db.execute(sql`set statement_timeout = 0`).catch(nameThePooler);
        await db.execute(sql`set lock_timeout = 0`);
        await db.execute(sql`select pg_advisory_lock(${key})`);
        await body(db);
      } finally {
        await session.end();
      }
    },
    migrate: migrateFolder,
    close: () => endAll(pool, asking),
  };
}

const driverOptions = { connect_timeout: 10, onnotice: () => {}, connection: { application_name: 'ekbaar' } };
/** Between two tries to get a lock that another node holds. */
const lockPauseMs = 200;

/** Each transaction may run on another server connection: none has prepared statements, settings or locks of ours. */
function pooledDatabase(
  { url, tls }: DatabaseAddress,
  size: { readonly most: number; readonly waitMs: number },
  standby: boolean,
): Database {
  const options = { ...driverOptions, ...tls };
  const pool = new ConnectionPool(url, size, options, { ownSessions: false, standby });
  const asking = new ConnectionPool(url, { most: 1, waitMs: askMs }, options, { ownSessions: false, standby });
  return {
    db: drizzleOn(limited(pool, timeLimits)),
    patientDb: drizzleOn(limited(pool.patient, timeLimits)),
    shared: true,
    standby,
    connections: size.most,
    ask: () => drizzleOn(limited(asking, { ...timeLimits, statement_timeout: askMs })).execute(sql`select 1`),
    load: () => pool.load,
    pgBoss: { connectionString: url, ...tls, max: 2 },
    async withAdvisoryLock(key, body) {
      // The lock is a transaction's, which does nothing else; the work is done on another connection beside it.
      const open = (oneSession: boolean) =>
        new ConnectionPool(url, { most: 1 }, options, { ownSessions: false, oneSession });
      const [holder, worker] = [open(true), open(false)];
      const db = drizzleOn(limited(whileHeld(holder, worker), noLimits));
      const run = () =>
        drizzleOn(limited(holder, noLimits)).transaction(async (tx) => {
          const [lock] = await rowsOf<{ free: boolean }>(tx, sql`select pg_try_advisory_xact_lock(${key}) as free`);
          if (lock?.free === true) await body(db);
          return lock?.free === true;
        });
      try {
        // Not waited for inside the database: nodes that wait must not hold the server connections that the first one needs.
        while (!(await run())) await sleep(lockPauseMs);
      } finally {
        await Promise.all([holder.end(), worker.end()]);
      }
    },
    migrate: migrateFolder,
    close: () => endAll(pool, asking),
  };
}

/** The work of a lock's holder, which must not go on when the lock is lost. */
function whileHeld(holder: ConnectionPool, worker: ConnectionPool): PoolClient {
  return {
    options: worker.options,
    unsafe: (text, parameters) => worker.unsafe(text, parameters),
    async begin(body) {
      if (holder.lost) throw new ConnectionLost();
      return worker.begin(body);
    },
  };
}

async function endAll(...pools: ConnectionPool[]): Promise<void> {
  await Promise.all(pools.map((pool) => pool.end()));
}

/** Gives the limits to each transaction, which takes them along wherever it runs. Nobody waits for the answers. */
function limited(pool: PoolClient, limits: TimeLimits): PoolClient {
  const statements = Object.entries(limits).map(([name, ms]) => `set local ${name} = ${ms}`);
  const begin: PoolClient['begin'] = (body) =>
    pool.begin((transaction) => {
      for (const text of statements) {
        void transaction.unsafe(text).then(
          () => {},
          () => {},
        );
      }
      return body(transaction);
    });
  return {
    options: pool.options,
    unsafe: (text, parameters) =>
      statement((wanted) => begin((transaction) => transaction.ask(text, parameters, wanted))),
    begin,
  };
}

/** Says what a pooler that refuses a session's settings cannot say. */
function nameThePooler(error: unknown): never {
  if (databaseCode(error) !== '08P01') throw error;
  throw new Error(
    'The database refused the settings of a session: there is a pooler in front of it. Tell the server so: ' +
      "pooler: 'transaction', or DATABASE_POOLER=transaction",
    { cause: error },
  );
}

const migrateFolder: Database['migrate'] = (db, { folder, table }) =>
  migrate(db as unknown as Parameters<typeof migrate>[0], { migrationsFolder: folder, migrationsTable: table });

function drizzleOn(pool: PoolClient): Queryable {
  // The pool has what Drizzle asks of the driver: options, unsafe, begin, and savepoint inside a transaction.
  return drizzle(pool as unknown as Sql) as unknown as Queryable;
}
