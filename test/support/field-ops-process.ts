import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const main = join(import.meta.dirname, '../../examples/field-ops/src/server/main.ts');

/** The field operation as a process of its own, as `npm start` runs it, that can be killed at any moment. */
export interface FieldOpsProcess {
  readonly url: string;
  readonly port: number;
  /** SIGKILL: the process has no say in it. */
  kill(): Promise<void>;
  /** Starts it again on the same port and database. */
  start(): Promise<void>;
  /** SIGTERM; gives the exit code, null when something else ended it. */
  stop(): Promise<number | null>;
  /** Of the process that runs now. */
  readonly pid: number;
  /** What it has written so far. */
  readonly output: string;
}

/**
 * Starts it and waits until it is ready.
 *
 * @param environment variables of the operation, such as `DATABASE_URL` or `EKBAAR_SEED_DELIVERIES`
 */
export async function startFieldOpsProcess(
  port: number,
  environment: Record<string, string>,
): Promise<FieldOpsProcess> {
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  let output = '';
  const start = async () => {
    output = '';
    const started = spawn(process.execPath, [main], {
      env: { ...process.env, PORT: String(port), EKBAAR_JWT_SECRET: secret, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (text) => (output += text));
    while (!(await isReady(url))) {
      if (started.exitCode !== null) throw new Error(`the server ended:\n${output.slice(-4000)}`);
      await sleep(50);
    }
  };
  process.once('exit', () => child?.kill('SIGKILL'));
  await start();
  return {
    ...{ url, port, start },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    get pid() {
      return child?.pid ?? 0;
    },
    get output() {
      return output;
    },
  };
}

/** Signs the tokens of every test server. */
export const secret = 'the-secret-of-every-test-server-0123456789';

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}
