import { deviceLimits } from '../protocol/limits.ts';

const firstBatch = 50;
/** A round that carries mutations is over soon: nobody waits for receipts behind a long page. */
const pushSeconds = 3;
const pullSeconds = 10;
const leastPage = 20;
/** What a line is taken for that has shown nothing yet: in bytes per second, of answers as they are unpacked. */
const unseenRate = 10_000;
/** What a change is taken for, in bytes. */
const unseenChange = 500;
/** A shorter answer says more about the delay than about the line. */
const leastSample = 4_000;
/** How much slower sending may be: an unpacked answer counts some five times what came, and the way up is narrower. */
const upSlower = 16;
const firstPatienceMs = 15_000;
const leastPatienceMs = 10_000;
const mostPatienceMs = 60_000;
/** An answer may take this many times longer to begin than the last one. */
const patience = 4;

/** What is known of the line, for whoever looks into it. */
export interface LineFigures {
  /** Mutations in one request. */
  readonly batch: number;
  /** Changes wanted in an answer. */
  readonly page: number;
  /** What it carries, in bytes of unpacked answers a second. */
  readonly bytesPerSecond: number;
  /** How long the answer to a short request may take to begin. */
  readonly waitMs: number;
  /** How long the last round trip took, to the answer's end; null before the first. */
  readonly lastRoundTripMs: number | null;
}

/** How an answer came. */
export interface Arrival {
  /** From sending the request to the answer's beginning, and to its end. */
  readonly waitedMs: number;
  readonly tookMs: number;
  /** Unpacked. */
  readonly bytes: number;
  /** How many of them came one after the other, and within what time: that is the line's doing, not the server's. */
  readonly flow: { readonly bytes: number; readonly ms: number };
}

/** What the line has shown it can carry: how much to send and to ask for at once, and how long to wait for an answer. */
export class Line {
  #batch = firstBatch;
  /** Bytes per second. */
  #rate = unseenRate;
  #bytesPerChange = unseenChange;
  #patienceMs = firstPatienceMs;
  #lastRoundTripMs: number | null = null;

  /** Mutations in one request. */
  get batch(): number {
    return this.#batch;
  }

  /** Changes wanted in the answer to a request with `sent` mutations. */
  page(sent: number): number {
    const seconds = sent > 0 ? pushSeconds : pullSeconds;
    return clamp(Math.round((this.#rate * seconds) / this.#bytesPerChange), leastPage, deviceLimits.changesPerPage);
  }

  /** How long an answer may take to begin, when the request has so many bytes. */
  waitMs(bytes: number): number {
    return this.#patienceMs + ((bytes * upSlower) / this.#rate) * 1000;
  }

  get figures(): LineFigures {
    return {
      batch: this.#batch,
      page: this.page(0),
      bytesPerSecond: Math.round(this.#rate),
      waitMs: Math.round(this.#patienceMs),
      lastRoundTripMs: this.#lastRoundTripMs,
    };
  }

  answered({ waitedMs, tookMs, bytes, flow }: Arrival, sent: number, changes: number): void {
    this.#lastRoundTripMs = tookMs;
    // Only a full batch shows that more would fit, or that it was too much.
    if (sent >= this.#batch) {
      const factor = clamp((pullSeconds * 1000) / waitedMs, 0.5, 2);
      this.#batch = clamp(Math.floor(this.#batch * factor), 1, deviceLimits.mutationsPerRequest);
    }
    // Halfway each time: one quick answer says little about a line that was slow a minute ago.
    const wanted = clamp(waitedMs * patience, leastPatienceMs, mostPatienceMs);
    this.#patienceMs = (this.#patienceMs + wanted) / 2;
    if (flow.bytes >= leastSample && flow.ms > 0) this.#rate = (this.#rate + (flow.bytes / flow.ms) * 1000) / 2;
    // At least that much it can carry, delays and all.
    this.#rate = Math.max(this.#rate, (bytes / Math.max(tookMs, 1)) * 1000);
    if (changes >= leastPage) this.#bytesPerChange = bytes / changes;
  }

  timedOut(): void {
    this.#patienceMs = Math.min(this.#patienceMs * 2, mostPatienceMs);
    this.#rate = Math.max(this.#rate / 2, 500);
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
