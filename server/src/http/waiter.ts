import { ProblemError } from '../problem.ts';

/** A refusal for want of room: nothing was done, and the same may be sent again. */
export function overloaded(detail: string, retryAfterSeconds = 2): ProblemError {
  return new ProblemError('overloaded', detail, { retryAfterSeconds });
}

/** A request that waits for its turn, for a while and not after its caller has hung up. */
export class Waiter {
  /** Settles with the turn. @throws ProblemError `overloaded` */
  readonly turn: Promise<void>;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #signal: AbortSignal;
  readonly #hungUp = () => this.refuse(overloaded('The caller hung up'));
  readonly #gone: () => void;

  /** @param gone told once, when it waits no longer without having had its turn */
  constructor(waitMs: number, signal: AbortSignal, gone: () => void) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.turn = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#gone = gone;
    this.#signal = signal;
    this.#timer = setTimeout(
      () => this.refuse(overloaded('The server is busy: no turn came in time; send the same again later')),
      waitMs,
    );
    signal.addEventListener('abort', this.#hungUp, { once: true });
  }

  grant(): void {
    this.#end();
    this.#resolve();
  }

  refuse(error: ProblemError): void {
    this.#end();
    this.#gone();
    this.#reject(error);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#hungUp);
  }
}
