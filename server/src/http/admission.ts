import type { Limits } from './limits.ts';
import { overloaded, Waiter } from './waiter.ts';

/** What a request wants of the database. A sync without mutations reads. */
export type Work = 'push' | 'read';

/** How busy a node is. */
export interface Load {
  readonly running: number;
  readonly reading: number;
  readonly waiting: number;
  /** Requests refused since the start because there was no room for them. */
  readonly refused: number;
}

/**
 * Lets a bounded number of requests work with the database at once and a bounded number wait for it, so that a crowd
 * that comes back after an outage meets a quick 503 and not a database that drowns. Pushes go before reads, and
 * reads never take all the room.
 */
export class Admission {
  readonly #limits: Pick<Limits, 'inFlight' | 'readsInFlight' | 'waiting' | 'waitMs'>;
  readonly #queues: Record<Work, Set<Waiter>> = { push: new Set(), read: new Set() };
  #running = 0;
  #reading = 0;
  #refused = 0;

  constructor(limits: Pick<Limits, 'inFlight' | 'readsInFlight' | 'waiting' | 'waitMs'>) {
    this.#limits = limits;
  }

  get load(): Load {
    return { running: this.#running, reading: this.#reading, waiting: this.#waiting, refused: this.#refused };
  }

  /**
   * Runs `body` when there is room.
   *
   * @param signal aborted when the caller hangs up: it waits no longer then
   * @throws ProblemError `overloaded`
   */
  async run<T>(work: Work, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    if (this.#hasRoom(work)) this.#enter(work);
    else await this.#wait(work, signal);
    try {
      return await body();
    } finally {
      this.#leave(work);
    }
  }

  get #waiting(): number {
    return this.#queues.push.size + this.#queues.read.size;
  }

  #hasRoom(work: Work): boolean {
    const { inFlight, readsInFlight } = this.#limits;
    return this.#running < inFlight && (work === 'push' || this.#reading < readsInFlight);
  }

  #enter(work: Work): void {
    this.#running++;
    if (work === 'read') this.#reading++;
  }

  #wait(work: Work, signal: AbortSignal): Promise<void> {
    const queue = this.#queues[work];
    if (this.#waiting >= this.#limits.waiting || signal.aborted) {
      this.#refused++;
      throw overloaded('The server is busy: too many requests wait already; send the same again later');
    }
    const waiter = new Waiter(this.#limits.waitMs, signal, () => {
      this.#refused++;
      queue.delete(waiter);
    });
    queue.add(waiter);
    return waiter.turn;
  }

  #leave(work: Work): void {
    this.#running--;
    if (work === 'read') this.#reading--;
    for (const next of ['push', 'read'] as const) {
      const [waiter] = this.#queues[next];
      if (waiter === undefined || !this.#hasRoom(next)) continue;
      this.#queues[next].delete(waiter);
      this.#enter(next);
      waiter.grant();
      return;
    }
  }
}
