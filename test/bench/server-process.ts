import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A contestant's server, a process of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** What it has written so far to stdout and stderr, the last of it. */
  output(): string;
  /** Ends it in its own way. */
  stop(): Promise<void>;
}

const startLimitMs = 60_000;
const stopLimitMs = 30_000;

/** Starts a server and waits until `GET /healthz` answers. */
export async function startServer(
  [file = '', ...args]: readonly string[],
  { port, environment, directory }: { port: number; environment: Record<string, string>; directory?: string },
): Promise<ServerProcess> {
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(file, args, {
    cwd: directory,
    env: { ...process.env, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-8000)));
  }
  const failed = once(child, 'error').then(([error]) => (output += String(error)));
  const deadline = performance.now() + startLimitMs;
  while (!(await answers(url))) {
    if (child.pid === undefined) await failed;
    if (hasEnded(child) || child.pid === undefined || performance.now() > deadline) {
      kill();
      throw new Error(`${file} ${args.join(' ')} did not start:\n${output}`);
    }
    await sleep(50);
  }
  if (child.pid === undefined) throw new Error(`${file} has no process id`);
  return {
    url,
    pid: child.pid,
    signal: (signal) => void child.kill(signal),
    output: () => output,
    async stop() {
      process.off('exit', kill);
      if (hasEnded(child)) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(kill, stopLimitMs);
      await exited;
      clearTimeout(late);
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}
