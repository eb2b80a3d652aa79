import type { Contestant } from './contestant.ts';
import type { Delivery, Question } from './delivery.ts';

type IsThere = (rows: readonly Delivery[]) => boolean;

/** A live query that is open, and what it has shown last. */
export class Screen {
  rows: readonly Delivery[] = [];
  readonly #waiting = new Map<IsThere, (at: number) => void>();
  readonly close: () => void;

  constructor(contestant: Contestant, question: Question) {
    this.close = contestant.live(question, (rows) => {
      this.rows = rows;
      const now = performance.now();
      for (const [isThere, resolve] of this.#waiting) {
        if (!isThere(rows)) continue;
        this.#waiting.delete(isThere);
        resolve(now);
      }
    });
  }

  /** Resolves with the time at which the rows were first shown so. */
  until(isThere: IsThere): Promise<number> {
    if (isThere(this.rows)) return Promise.resolve(performance.now());
    return new Promise((resolve) => this.#waiting.set(isThere, resolve));
  }
}
