import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';

/** `poison-server.ts` under a supervisor, as systemd is one: whenever it dies it is started again. */
export interface SupervisedServer {
  readonly url: string;
  /** How often it has died. */
  readonly deaths: number;
  stop(): Promise<void>;
}

/** @param haltMinutes for how long a mutation must have failed before it may be a dead letter */
export async function superviseServer(databaseUrl: string, haltMinutes: number): Promise<SupervisedServer> {
  const port = await freePort();
  const cache = await mkdtemp(join(tmpdir(), 'ekbaar-compiled-'));
  let deaths = 0;
  let stopping = false;
  let child: ChildProcess | undefined;
  const start = () => {
    child = spawn(process.execPath, [join(import.meta.dirname, 'poison-server.ts')], {
      env: {
        ...process.env,
        ...{ DATABASE_URL: databaseUrl, PORT: String(port), HALT_MINUTES: String(haltMinutes) },
        // It starts a dozen times: once is enough to compile it.
        NODE_COMPILE_CACHE: cache,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.once('exit', () => {
      if (stopping) return;
      deaths++;
      start();
    });
  };
  const kill = () => void child?.kill('SIGKILL');
  process.once('exit', kill);
  start();
  return {
    url: `http://127.0.0.1:${port}`,
    get deaths() {
      return deaths;
    },
    async stop() {
      stopping = true;
      process.off('exit', kill);
      if (child !== undefined && child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        kill();
        await exited;
      }
      await rm(cache, { recursive: true, force: true });
    },
  };
}
