import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

export interface PgBouncer {
  /** The url that was given, by way of the pooler. */
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** Debian installs it where only root's path leads. */
const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find(isThere);

/** Whether it is installed; says what to install when it is not. */
export function havePgBouncer(): boolean {
  if (program === undefined) console.warn('SKIPPED: pgbouncer is not installed (apt-get install pgbouncer)');
  return program !== undefined;
}

/**
 * Starts PgBouncer in transaction mode before the database of `url`, on 127.0.0.1.
 *
 * @param serverConnections how many connections to PostgreSQL all clients share: few, so that they really do
 */
export async function startPgBouncer(url: string, serverConnections: number): Promise<PgBouncer> {
  if (program === undefined) throw new Error('pgbouncer is not installed (apt-get install pgbouncer)');
  const directory = await mkdtemp(join(tmpdir(), 'ekbaar-pgbouncer-'));
  const user = unprivilegedUser();
  const [target, port] = [new URL(url), await freePort()];
  const [name, password] = [decodeURIComponent(target.username), decodeURIComponent(target.password)];
  const files = {
    'users.txt': `"${name}" "${password}"\n`,
    'pgbouncer.ini': `[databases]
* = host=${target.hostname} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(directory, 'users.txt')}
pool_mode = transaction
default_pool_size = ${serverConnections}
max_client_conn = 500
server_round_robin = 1
`,
  };
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(directory, file), text, { mode: 0o600 });
    if (user !== undefined) await chown(join(directory, file), user.uid, user.gid);
  }
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const child = spawn(program, [join(directory, 'pgbouncer.ini')], { ...user, cwd: directory, stdio: 'pipe' });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  const pooled = new URL(url);
  pooled.port = String(port);
  try {
    await listening(child);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    url: pooled.href,
    version: execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n', 1)[0] ?? '',
    async stop() {
      kill();
      await exited;
      process.off('exit', kill);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function listening(child: ReturnType<typeof spawn>): Promise<void> {
  let log = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (text: Buffer) => {
      log += text.toString();
      if (log.includes('process up')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`pgbouncer ended with ${code}:\n${log}`)));
  });
}

function isThere(file: string): boolean {
  try {
    execFileSync(file, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** It refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
