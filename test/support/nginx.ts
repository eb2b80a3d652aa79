import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

export interface Nginx {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Exact texts of a configuration file → what stands there in this test. */
export type Replacements = Readonly<Record<string, string>>;

const deploy = join(import.meta.dirname, '../../examples/field-ops/deploy/nginx');
/** Debian installs it where only root's path leads. */
const program = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find(isThere);

/** Whether it is installed; says what to install when it is not. */
export function haveNginx(): boolean {
  if (program === undefined) console.warn('SKIPPED: nginx is not installed (apt-get install nginx-light)');
  return program !== undefined;
}

/**
 * Runs nginx with the files of `examples/field-ops/deploy/nginx`, before two nodes on 127.0.0.1.
 *
 * @param locations what is different in `field-ops.locations`
 */
export async function startNginx(nodePorts: readonly [number, number], locations: Replacements = {}): Promise<Nginx> {
  const port = await freePort();
  const directory = await prepare('compose.conf', locations, (home) => ({
    'node1:8787': `127.0.0.1:${nodePorts[0]}`,
    'node2:8787': `127.0.0.1:${nodePorts[1]}`,
    'listen 8080': `listen 127.0.0.1:${port}`,
    '/dev/stdout': join(home, 'access.log'),
    '/etc/nginx/field-ops.locations': join(home, 'field-ops.locations'),
  }));
  const child = spawn(installed(), ['-p', directory, '-c', join(directory, 'nginx.conf')], { stdio: 'pipe' });
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  // Its workers end by themselves when it is asked; killed, it would leave them behind.
  const end = () => void child.kill('SIGTERM');
  process.once('exit', end);
  const exited = once(child, 'exit');
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}:\n${log}`);
    await sleep(20);
  }
  return {
    ...{ url: `http://127.0.0.1:${port}`, port },
    async stop() {
      end();
      await exited;
      process.off('exit', end);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What `nginx -t` says of `site.conf`, with a certificate of its own; throws when it does not take it. */
export async function checkSite(): Promise<string> {
  const directory = await prepare('site.conf', {}, (home) => ({
    '/etc/ssl/field-ops/fullchain.pem': join(home, 'certificate.pem'),
    '/etc/ssl/field-ops/privkey.pem': join(home, 'key.pem'),
    '/var/log/nginx/field-ops.log': join(home, 'access.log'),
    '/etc/nginx/field-ops.locations': join(home, 'field-ops.locations'),
  }));
  try {
    const files = ['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'certificate.pem')];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '1', '-subj', '/CN=sync.example.org', ...files],
    ]);
    const { stderr } = await promisify(execFile)(installed(), [
      '-t',
      '-p',
      directory,
      '-c',
      join(directory, 'nginx.conf'),
    ]);
    return stderr;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A folder with everything that nginx reads and writes. */
async function prepare(
  site: string,
  locations: Replacements,
  of: (directory: string) => Replacements,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ekbaar-nginx-'));
  // Its workers are somebody else when it is started by root.
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'temp'), { mode: 0o777 });
  const copy = async (file: string, replacements: Replacements) => {
    let text = await readFile(join(deploy, file), 'utf8');
    for (const [from, to] of Object.entries(replacements)) {
      if (!text.includes(from)) throw new Error(`${file} does not say "${from}" any more: this test must be told`);
      text = text.replaceAll(from, to);
    }
    await writeFile(join(directory, file), text);
  };
  await copy('field-ops.locations', locations);
  await copy(site, of(directory));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(directory, 'temp', kind)};`,
  );
  await writeFile(
    join(directory, 'nginx.conf'),
    `daemon off;
pid ${join(directory, 'nginx.pid')};
error_log stderr warn;
worker_processes 1;
events { worker_connections 512; }
http {
  ${temporary.join('\n  ')}
  include ${join(directory, site)};
}
`,
  );
  return directory;
}

/** The program. @throws where it is not installed */
export function installed(): string {
  if (program === undefined) throw new Error('nginx is not installed (apt-get install nginx-light)');
  return program;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function isThere(file: string): boolean {
  try {
    execFileSync(file, ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
