import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../../examples/field-ops/src/server/worker.ts');

/** The worker as a process of its own, which can be killed at any moment. */
export class WorkerProcess {
  readonly #environment: Record<string, string>;
  #child: ChildProcess | undefined;
  output = '';

  constructor(environment: Record<string, string>) {
    this.#environment = environment;
    process.once('exit', () => this.#child?.kill('SIGKILL'));
  }

  /** Starts it, and waits until it works. */
  async start(): Promise<void> {
    const env = { ...process.env, EKBAAR_WORKER_PORT: '0', NODE_ENV: 'production', ...this.#environment };
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const ready = new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (text: Buffer) => {
          this.output += text.toString();
          if (text.toString().includes('Ekbaar field-ops worker is at')) resolve();
        });
      }
      child.once('exit', () => reject(new Error(`the worker ended:\n${this.output.slice(-4000)}`)));
    });
    await ready;
  }

  /** SIGKILL: it has no say in it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  }
}
