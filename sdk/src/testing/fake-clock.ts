interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that passes only when a test lets it. */
export class FakeClock {
  #now = Date.parse('2026-11-22T10:00:00Z');
  readonly #timers = new Map<number, Timer>();
  #last = 0;
  readonly #idle: () => Promise<void>;

  /** @param everything lets all happen that needs no time; by default, patiently */
  constructor(everything: () => Promise<void> = idle) {
    this.#idle = everything;
  }

  readonly now = (): number => this.#now;

  readonly setTimeout = (callback: () => void, ms: number): unknown => {
    this.#last += 1;
    this.#timers.set(this.#last, { at: this.#now + ms, callback });
    return this.#last;
  };

  readonly clearTimeout = (timer: unknown): void => {
    this.#timers.delete(timer as number);
  };

  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets `ms` pass, and everything happen that this sets going. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await this.#idle();
      const next = this.#next();
      if (!next || next[1].at > end) break;
      this.#fire(next);
    }
    this.#now = end;
  }

  /** Lets time pass from timer to timer until `condition` holds. */
  async until(condition: () => boolean, what = 'the condition'): Promise<void> {
    for (let turns = 0; turns < 500; turns += 1) {
      await this.#idle();
      if (condition()) return;
      const next = this.#next();
      if (next) this.#fire(next);
    }
    throw new Error(`${what} never came to hold`);
  }

  #next(): [number, Timer] | undefined {
    return [...this.#timers].sort(([, left], [, right]) => left.at - right.at)[0];
  }

  #fire([id, { at, callback }]: [number, Timer]): void {
    this.#timers.delete(id);
    this.#now = Math.max(this.#now, at);
    callback();
  }
}

/** Lets everything happen that needs no time. */
export async function idle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}
