import { limits } from '../protocol/index.ts';

const firstBatch = 50;
const firstTimeLimitMs = 15_000;
const leastTimeLimitMs = 10_000;
const mostTimeLimitMs = 60_000;
const leastPage = 50;
/** An answer may take this many times longer than the last one before it counts as lost. */
const patience = 4;

/** What the line has shown it can carry: how much to send at once, and how long to wait for an answer. */
export class Line {
  #batch = firstBatch;
  #page: number = limits.changesPerPage;
  #timeLimitMs = firstTimeLimitMs;

  /** Mutations in one request. */
  get batch(): number {
    return this.#batch;
  }

  /** Changes wanted in one answer. */
  get page(): number {
    return this.#page;
  }

  get timeLimitMs(): number {
    return this.#timeLimitMs;
  }

  /** @param sent how many mutations the request held: only a full batch shows that more would fit. */
  answered(tookMs: number, sent: number): void {
    if (sent >= this.#batch) this.#batch = Math.min(this.#batch * 2, limits.mutationsPerRequest);
    this.#page = Math.min(this.#page * 2, limits.changesPerPage);
    const wanted = clamp(tookMs * patience, leastTimeLimitMs, mostTimeLimitMs);
    // Halfway each time: one quick answer says little about a line that was slow a minute ago.
    this.#timeLimitMs = (this.#timeLimitMs + wanted) / 2;
  }

  timedOut(): void {
    this.#timeLimitMs = Math.min(this.#timeLimitMs * 2, mostTimeLimitMs);
    this.#page = Math.max(Math.floor(this.#page / 2), leastPage);
    this.tooLarge(this.#batch);
  }

  /** @param sent how many mutations were too many. */
  tooLarge(sent: number): void {
    this.#batch = Math.max(Math.floor(Math.min(this.#batch, sent) / 2), 1);
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
