import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, cp, mkdtemp, rm, stat, chown, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts';

/** A physical copy of a whole server, as it was at the end of the copying. */
export interface BaseBackup {
  /** Starts a server of its own from it: what a restore does. May be done again and again. */
  start(options?: PostgresOptions): Promise<PostgresServer>;
  /** Starts it as a standby that streams from the server it was taken of; `pg_promote()` makes it a primary. */
  startStandby(options?: PostgresOptions): Promise<PostgresServer>;
  remove(): Promise<void>;
}

/** Takes a base backup while the server works, with SQL and `cp` alone: the embedded PostgreSQL has no pg_basebackup. */
export async function takeBaseBackup(server: PostgresServer): Promise<BaseBackup> {
  const { password, port } = new URL(server.url);
  const home = await mkdtemp(join(tmpdir(), 'ekbaar-backup-'));
  const directory = join(home, 'data');
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  try {
    const [setting] = await sql<{ data: string }[]>`select current_setting('data_directory') as data`;
    if (setting === undefined) throw new Error('the server does not say where its data is');
    await sql`select pg_backup_start('ekbaar', true)`;
    await copyWhatIsThere(setting.data, directory);
    const [stopped] = await sql<{ labelfile: string }[]>`select labelfile from pg_backup_stop(false)`;
    // The log up to the end of the backup: what was copied before it ended is only in there.
    await rm(join(directory, 'pg_wal'), { recursive: true });
    await cp(join(setting.data, 'pg_wal'), join(directory, 'pg_wal'), { recursive: true });
    await writeFile(join(directory, 'backup_label'), stopped?.labelfile ?? '');
    for (const name of ['postmaster.pid', 'postmaster.opts']) await rm(join(directory, name), { force: true });
    // PostgreSQL's user copies it from here.
    const { uid, gid } = await stat(setting.data);
    await chmod(home, 0o755);
    await finished('chown', ['-R', `${uid}:${gid}`, directory]);
  } finally {
    await sql.end();
  }
  const from = { directory, password };
  return {
    start: (options) => startPostgres({ ...options, from }),
    async startStandby(options) {
      const standby = await mkdtemp(join(tmpdir(), 'ekbaar-standby-'));
      try {
        await finished('cp', ['-R', '-p', directory, standby]);
        const { uid, gid } = await stat(directory);
        const own = join(standby, 'data');
        await appendFile(
          join(own, 'postgresql.auto.conf'),
          `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres password=${password} application_name=standby'\n`,
        );
        await writeFile(join(own, 'standby.signal'), '');
        await chown(join(own, 'standby.signal'), uid, gid);
        await chmod(standby, 0o755);
        return await startPostgres({ ...options, from: { directory: own, password } });
      } finally {
        await rm(standby, { recursive: true, force: true });
      }
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/** Files that go while they are copied belong to what the log repeats. */
async function copyWhatIsThere(from: string, to: string): Promise<void> {
  const { code, errors } = await run('cp', ['-R', '-p', from, to]);
  const real = errors.split('\n').filter((line) => line !== '' && !line.includes('No such file or directory'));
  if (code !== 0 && real.length > 0) throw new Error(`cp ended with ${code}:\n${errors}`);
}

async function finished(command: string, args: string[]): Promise<void> {
  const { code, errors } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${errors}`);
}

async function run(command: string, args: string[]): Promise<{ code: number | null; errors: string }> {
  const child = spawn(command, args, { env: { ...process.env, LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, errors };
}
