import type { Actor, ReadableScope } from '../engine/actor.ts';
import type { Pokes } from '../engine/pokes.ts';
import { ProblemError } from '../problem.ts';
import { EventStream, tickMs } from './event-stream.ts';
import type { Limits } from './limits.ts';
import { overloaded } from './waiter.ts';

/** A server that goes asks its readers to come back (to another) after this long, and as much again by chance. */
const comeBackMs = 1000;

export interface EventReader {
  readonly actor: Actor;
  readonly readable: readonly ReadableScope[];
  /** How long its token is good. */
  readonly lifetimeMs: number;
  /** Asked every second; a stream whose token is believed no more ends. */
  readonly stillGood?: (() => Promise<boolean>) | undefined;
  /** Cuts its line: it takes nothing, so an end that is written would not reach it. */
  readonly cut: () => void;
}

/** The event streams of this node, with one timer for all of them. */
export class EventStreams {
  readonly #pokes: Pokes;
  readonly #limits: Pick<Limits, 'streams' | 'streamsPerActor' | 'streamStuckMs'>;
  readonly #random: () => number;
  readonly #streams = new Set<EventStream>();
  /** Oldest first. */
  readonly #byActor = new Map<string, Set<EventStream>>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #ended = false;

  constructor(
    pokes: Pokes,
    limits: Pick<Limits, 'streams' | 'streamsPerActor' | 'streamStuckMs'>,
    random: () => number,
  ) {
    this.#pokes = pokes;
    this.#limits = limits;
    this.#random = random;
  }

  get open(): number {
    return this.#streams.size;
  }

  /**
   * Pokes for as long as the token is good. An actor's oldest stream ends when it has one too many.
   *
   * @throws ProblemError `overloaded` when the node has all the streams it takes, `unavailable` when it shuts down
   */
  stream({ actor, readable, lifetimeMs, stillGood, cut }: EventReader): ReadableStream<Uint8Array> {
    if (this.#ended)
      throw new ProblemError('unavailable', 'The server is shutting down: ask another', { retryAfterSeconds: 1 });
    if (this.#streams.size >= this.#limits.streams)
      throw overloaded('The server has all the event streams it takes: come back later, and pull meanwhile', 30);
    const key = `${actor.tenant}/${actor.id}`;
    const own = this.#byActor.get(key) ?? new Set();
    const [oldest] = own;
    if (oldest !== undefined && own.size >= this.#limits.streamsPerActor) oldest.end();
    this.#byActor.set(key, own);

    const over = () => {
      unsubscribe();
      this.#streams.delete(stream);
      own.delete(stream);
      if (own.size === 0 && this.#byActor.get(key) === own) this.#byActor.delete(key);
      if (this.#streams.size === 0) clearInterval(this.#timer);
    };
    const stream = new EventStream({ lifetimeMs, stillGood, cut, over, stuckMs: this.#limits.streamStuckMs });
    const unsubscribe = this.#pokes.subscribe(actor.tenant, readable, (moved) => stream.poke(moved));
    own.add(stream);
    this.#streams.add(stream);
    if (this.#streams.size === 1) {
      this.#timer = setInterval(() => {
        for (const each of this.#streams) each.tick();
      }, tickMs).unref();
    }
    return stream.body;
  }

  /** Ends all of them, each with a hint when to come back: not all at once. */
  end(): void {
    this.#ended = true;
    for (const stream of this.#streams) stream.end(Math.round(comeBackMs * (1 + this.#random())));
  }
}
