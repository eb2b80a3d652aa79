import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

/** What a production server of this size would have; everything that makes a commit durable is at its safe default. */
const settings = {
  synchronous_commit: 'on',
  shared_buffers: '1GB',
  // No checkpoint of its own in the middle of a round: each round begins with one.
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
};

const profiling = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.max': '2000',
};

/** The one PostgreSQL that all contestants use. */
export interface BenchPostgres {
  /** Process id of the postmaster: all CPU time of PostgreSQL is spent by it and its children. */
  readonly pid: number;
  readonly version: string;
  /** Of its superuser, database `postgres`. */
  readonly url: string;
  /** @returns the URL of a new, empty database, or of a file copy of `template` */
  create(name: string, template?: string): Promise<string>;
  drop(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** @param profiled with pg_stat_statements, which costs a little */
export async function startBenchPostgres({ profiled }: { profiled: boolean }): Promise<BenchPostgres> {
  const server = await startPostgres({ fsync: true, settings: { ...settings, ...(profiled ? profiling : {}) } });
  try {
    return await benchPostgres(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function benchPostgres(server: PostgresServer): Promise<BenchPostgres> {
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  const [facts] = await sql`
    select current_setting('data_directory') as directory, current_setting('server_version') as version,
      current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous`;
  if (facts?.['fsync'] !== 'on' || facts['synchronous'] !== 'on') throw new Error('PostgreSQL does not flush commits');
  const [pid] = (await readFile(join(String(facts['directory']), 'postmaster.pid'), 'utf8')).split('\n');
  return {
    pid: Number(pid),
    version: String(facts['version']),
    url: server.url,
    async create(name, template = 'template0') {
      await sql`create database ${sql(name)} template ${sql(template)} strategy file_copy`;
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    drop: async (name) => {
      await sql`drop database if exists ${sql(name)} with (force)`;
    },
    stop: async () => {
      await sql.end();
      await server.stop();
    },
  };
}

/** Fresh statistics and nothing left to write: so begins every round. */
export async function settle(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql`analyze`;
    await sql`checkpoint`;
  } finally {
    await sql.end();
  }
}
