import type { HttpAnswer } from '../support/http-client.ts';
import type { Attempt } from './hostile.ts';

/** What was asked and looked at. */
export class Figures {
  /** Different canaries in the tables at the beginning. */
  planted = 0;
  logLines = 0;
  metricsBytes = 0;
  streamBytes = 0;
  sequences = 0;
  /** Routes that hostile requests came to. */
  readonly reached = new Set<string>();
  rowsCompared = 0;
  /** Questions asked with what another tenant has, and with what nobody has. */
  twins = 0;
  rounds = 0;
  readonly #statuses = new Map<number, number>();
  #bytes = 0;
  #posts = 0;

  count({ method }: Attempt, { status, text, headers }: HttpAnswer): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (method === 'POST') this.#posts++;
    this.#bytes += text.length + [...headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  }

  get requests(): number {
    return [...this.#statuses.values()].reduce((sum, count) => sum + count, 0);
  }

  answered(status: number): number {
    return this.#statuses.get(status) ?? 0;
  }

  inWords(): string[] {
    const statuses = [...this.#statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
    return [
      `${this.rounds} rounds, ${this.sequences} sequences, ${this.requests} requests, each answer checked (${statuses.join(', ')})`,
      `${this.rowsCompared} rows that honest people were owed came as they are in the tables; ${this.#posts} times all tables were compared with what they were before`,
      `${Math.round(this.#bytes / 1024)} KiB of answers, ${this.streamBytes} bytes of event streams, ${this.logLines} log lines and ${Math.round(this.metricsBytes / 1024)} KiB of metrics searched for ${this.planted} canaries and those sent meanwhile`,
    ];
  }
}
