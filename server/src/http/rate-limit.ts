import type { Actor } from '../engine/actor.ts';
import { ProblemError } from '../problem.ts';
import type { Rate } from './limits.ts';

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * A token bucket for each actor, on this node. An actor that has not asked for as long as the emptiest bucket takes to fill is
 * forgotten: a full bucket is what everybody begins with.
 */
export class RateLimit {
  readonly #rate: (actor: Actor) => Rate;
  readonly #clock: () => Date;
  /** Asked for in this generation, and those last asked for in the one before. */
  #recent = new Map<string, Bucket>();
  #former = new Map<string, Bucket>();
  #began: number;
  /** The longest time to fill of any bucket seen: how long a generation lasts. */
  #longestFillMs = 1000;

  constructor(rate: (actor: Actor) => Rate, clock: () => Date) {
    this.#rate = rate;
    this.#clock = clock;
    this.#began = clock().getTime();
  }

  /** Actors that it remembers. */
  get size(): number {
    return this.#recent.size + this.#former.size;
  }

  /** Counts a request. @throws ProblemError `throttled` with the seconds until the next one is taken */
  take(actor: Actor): void {
    const { perSecond, burst } = this.#rate(actor);
    const bucket = this.#bucket(actor, perSecond, burst);
    if (bucket.tokens < 1) {
      throw new ProblemError(
        'throttled',
        `${actor.id} sends too much: ${perSecond} requests a second in the long run, and a large one counts as several; wait, and look for a loop`,
        { retryAfterSeconds: Math.ceil((1 - bucket.tokens) / perSecond) },
      );
    }
    bucket.tokens -= 1;
  }

  /** Counts a large request as `requests` more. Nothing is refused for it, but what comes next may be. */
  charge(actor: Actor, requests: number): void {
    const { perSecond, burst } = this.#rate(actor);
    const bucket = this.#bucket(actor, perSecond, burst);
    bucket.tokens = Math.max(-burst, bucket.tokens - requests);
  }

  #bucket(actor: Actor, perSecond: number, burst: number): Bucket {
    const now = this.#clock().getTime();
    // Twice: a debt may be as large as the bucket.
    this.#forget(now, 2 * (burst / perSecond) * 1000);
    const key = `${actor.tenant}/${actor.id}`;
    const bucket = this.#recent.get(key) ?? this.#former.get(key) ?? { tokens: burst, at: now };
    // A clock that is set back fills nothing.
    const passed = Math.max(0, now - bucket.at) / 1000;
    bucket.tokens = Math.min(burst, bucket.tokens + passed * perSecond);
    bucket.at = now;
    this.#former.delete(key);
    this.#recent.set(key, bucket);
    return bucket;
  }

  #forget(now: number, fillMs: number): void {
    this.#longestFillMs = Math.max(this.#longestFillMs, fillMs);
    if (Math.abs(now - this.#began) < this.#longestFillMs) return;
    this.#former = this.#recent;
    this.#recent = new Map();
    this.#began = now;
  }
}
