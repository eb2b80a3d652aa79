import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installed } from '../support/nginx.ts';
import { listens } from './django-project.ts';

/** nginx in front of both, with `strangler.conf`. */
export interface Strangler {
  readonly url: string;
  /** What stands in `moved.conf` from now on; nginx takes it without dropping a request. */
  move(lines: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it with nothing moved. */
export async function startStrangler(ports: {
  readonly port: number;
  readonly django: number;
  readonly ekbaar: number;
}): Promise<Strangler> {
  const directory = await mkdtemp(join(tmpdir(), 'ekbaar-strangler-'));
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'temp'), { mode: 0o777 });
  const moved = join(directory, 'moved.conf');
  await writeFile(moved, '');
  const site = (await readFile(join(import.meta.dirname, 'strangler.conf'), 'utf8'))
    .replace('127.0.0.1:8000', `127.0.0.1:${ports.django}`)
    .replace('127.0.0.1:8787', `127.0.0.1:${ports.ekbaar}`)
    .replace('listen 8080', `listen 127.0.0.1:${ports.port}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(directory, 'temp', kind)};`,
  );
  await writeFile(join(directory, 'site.conf'), site);
  await writeFile(
    join(directory, 'nginx.conf'),
    `daemon off; pid ${join(directory, 'nginx.pid')}; error_log stderr warn; worker_processes 1;
events { worker_connections 128; }
http { access_log off; ${temporary.join(' ')} include ${join(directory, 'site.conf')}; }`,
  );
  const args = ['-p', directory, '-c', join(directory, 'nginx.conf')];
  const child = spawn(installed(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  const end = () => void child.kill('SIGTERM');
  process.once('exit', end);
  const exited = once(child, 'exit');
  while (!(await listens(ports.port))) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}:\n${log}`);
    await sleep(20);
  }
  return {
    url: `http://127.0.0.1:${ports.port}`,
    async move(lines) {
      await writeFile(moved, lines);
      child.kill('SIGHUP');
      // Its old workers go when the new ones are there; it says nothing of it.
      await sleep(500);
    },
    async stop() {
      end();
      await exited;
      process.off('exit', end);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
