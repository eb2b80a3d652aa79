import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentsOrder, DayBegins } from './agents-process.ts';

const program = join(import.meta.dirname, 'agents-process.ts');

/** A process of agents, from outside. */
export class Agents {
  readonly order: AgentsOrder;
  #child: ChildProcess | undefined;
  #output = '';
  #killed = false;
  #until = 0;

  constructor(order: AgentsOrder) {
    this.order = order;
    process.once('exit', () => this.#child?.kill('SIGKILL'));
  }

  /** Starts it, and waits until every phone is open. */
  async start(): Promise<void> {
    const child = fork(program, [JSON.stringify(this.order)], {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#killed = false;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (this.#output = (this.#output + text.toString()).slice(-8000)));
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error(`a process of agents ended:\n${this.#output}`))),
    ]);
  }

  /** @param until the end of the day, in milliseconds since 1970 */
  begin(until: number): void {
    const begins: DayBegins = { until };
    this.#until = until;
    this.#child?.send(begins);
  }

  /** SIGKILL in the middle of whatever it does, and the same phones are opened again. */
  async bounce(pauseMs: number): Promise<void> {
    await this.kill();
    // One that had died by itself is a bug, and no trouble of ours.
    if (!this.#killed) throw new Error(`a process of agents died in the day:\n${this.#output}`);
    await sleep(pauseMs);
    await this.start();
    this.begin(this.#until);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#killed = true;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Waits for the end of the day. @throws Error when it ended otherwise, or some could not send everything */
  async done(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (child.exitCode !== 0) throw new Error(`a process of agents ended with ${child.exitCode}:\n${this.#output}`);
  }
}
