import { ProblemError } from '../problem.ts';

const longestMs = 3000;

/**
 * Whether a node should get requests: not while it drains, nor while its database does not answer. However many ask at
 * once, the database is asked once.
 *
 * @param ask a statement that any database answers at once
 */
export class Readiness {
  readonly #ask: () => Promise<unknown>;
  #asking: Promise<void> | undefined;
  #draining = false;

  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  get draining(): boolean {
    return this.#draining;
  }

  drain(): void {
    this.#draining = true;
  }

  /** @throws ProblemError `unavailable`, and the database's errors */
  async check(): Promise<void> {
    if (this.#draining)
      throw new ProblemError('unavailable', 'The server is shutting down: ask another', { retryAfterSeconds: 5 });
    this.#asking ??= this.#askInTime().finally(() => (this.#asking = undefined));
    await this.#asking;
  }

  async #askInTime(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        late.reject(new ProblemError('unavailable', 'The database does not answer in time', { retryAfterSeconds: 5 })),
      longestMs,
    );
    try {
      await Promise.race([this.#ask(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
