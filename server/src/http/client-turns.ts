import type { Limits } from './limits.ts';
import { overloaded, Waiter } from './waiter.ts';

/**
 * One client's requests, one at a time on this node: they would queue on the lock of its row and hold a connection
 * each. The newest goes first: a phone that has sent again listens for that answer only, and finds its receipts
 * there. When too many wait, the oldest is refused, whose sender has most likely given up.
 */
export class ClientTurns {
  readonly #limits: Pick<Limits, 'clientInFlight' | 'clientWaiting' | 'waitMs'>;
  readonly #clients = new Map<string, { running: number; readonly waiting: Waiter[] }>();

  constructor(limits: Pick<Limits, 'clientInFlight' | 'clientWaiting' | 'waitMs'>) {
    this.#limits = limits;
  }

  /**
   * Runs `body` when it is the client's turn.
   *
   * @param client tenant and client id in one
   * @param signal aborted when the caller hangs up: it waits no longer then
   * @throws ProblemError `overloaded`
   */
  async run<T>(client: string, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    const turns = this.#clients.get(client) ?? { running: 0, waiting: [] };
    this.#clients.set(client, turns);
    if (turns.running < this.#limits.clientInFlight) turns.running++;
    else {
      const { waiting } = turns;
      if (signal.aborted) throw overloaded('The caller hung up');
      if (waiting.length >= this.#limits.clientWaiting) {
        waiting[0]?.refuse(overloaded('A newer request of this client has taken this one’s place', 1));
      }
      const waiter = new Waiter(this.#limits.waitMs, signal, () => waiting.splice(waiting.indexOf(waiter), 1));
      waiting.push(waiter);
      await waiter.turn;
    }
    try {
      return await body();
    } finally {
      // A turn goes from one to the next: the count stays.
      const next = turns.waiting.pop();
      if (next !== undefined) next.grant();
      else if (--turns.running === 0) this.#clients.delete(client);
    }
  }
}
