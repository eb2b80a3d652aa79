import type { Actor } from '../engine/actor.ts';
import { ProblemError } from '../problem.ts';
import { Admission, type Load, type Work } from './admission.ts';
import type { Authenticate } from './auth.ts';
import { ClientTurns } from './client-turns.ts';
import type { Limits } from './limits.ts';
import { RateLimit } from './rate-limit.ts';
import { overloaded } from './waiter.ts';

/** What one actor has under way, or all who have not said who they are. */
interface UnderWay {
  requests: number;
  bodyBytes: number;
}

/** What a request counts for until it is answered. */
interface Counted {
  readonly actor: Actor | undefined;
  readonly underWay: UnderWay;
  bodyBytes: number;
}

/** A request of this many bytes, URL and body, counts as one more: a mebibyte made to be slow takes a while to read. */
const bytesPerRequest = 32 * 1024;

/**
 * With so many bytes a request is never refused for want of room: a sign-in, or a confirmation or two. Those of all connections
 * together are less than the room of the large ones.
 */
const smallBytes = 16 * 1024;

/** Everything that a request must pass before the engine works for it. One for each node. */
export class Gate {
  readonly #limits: Limits;
  readonly #admission: Admission;
  readonly #clients: ClientTurns;
  readonly #rate: RateLimit;
  readonly #requests = new WeakMap<Request, Counted>();
  readonly #underWay = new Map<string, UnderWay>();
  #bodyBytes = 0;

  constructor(limits: Limits, clock: () => Date) {
    this.#limits = limits;
    this.#admission = new Admission(limits);
    this.#clients = new ClientTurns(limits);
    this.#rate = new RateLimit(limits.rate, clock);
  }

  get load(): Load & { readonly bodyBytes: number } {
    return { ...this.#admission.load, bodyBytes: this.#bodyBytes };
  }

  /** `authenticate`, and then the limits of the actor it found. */
  limiting(authenticate: Authenticate): Authenticate {
    return async (request) => {
      const authenticated = await authenticate(request);
      this.#rate.take(authenticated.actor);
      this.#count(request, authenticated.actor);
      return authenticated;
    };
  }

  #count(request: Request, actor: Actor): void {
    if (this.#requests.has(request)) return;
    const requests = this.#underWay.get(keyOf(actor))?.requests ?? 0;
    if (requests >= this.#limits.actorAtOnce) throw tooMuch(actor, `${requests} requests`);
    this.#begin(request, actor);
    this.#rate.charge(actor, Math.floor(request.url.length / bytesPerRequest));
  }

  #begin(request: Request, actor: Actor | undefined): Counted {
    const key = keyOf(actor);
    const underWay = this.#underWay.get(key) ?? { requests: 0, bodyBytes: 0 };
    this.#underWay.set(key, underWay);
    underWay.requests++;
    const counted = { actor, underWay, bodyBytes: 0 };
    this.#requests.set(request, counted);
    return counted;
  }

  /**
   * Counts bytes of a request's body until it is answered.
   *
   * @param sent whether they count for the rate, too
   * @throws ProblemError `overloaded`, `throttled`
   */
  hold(request: Request, bytes: number, sent: boolean): void {
    const counted = this.#requests.get(request) ?? this.#begin(request, undefined);
    const { actor, underWay } = counted;
    if (counted.bodyBytes + bytes > smallBytes) this.#assertRoom(counted, bytes);
    if (actor !== undefined && sent) this.#rate.charge(actor, bytes / bytesPerRequest);
    counted.bodyBytes += bytes;
    underWay.bodyBytes += bytes;
    this.#bodyBytes += bytes;
  }

  #assertRoom({ actor, underWay }: Counted, bytes: number): void {
    // Nobody may have all of it: for others there would be none until the slowest line has ended.
    const isOverShare = underWay.bodyBytes + bytes > this.#limits.actorBodyBytesAtOnce;
    if (isOverShare && actor !== undefined) throw tooMuch(actor, `${underWay.bodyBytes} bytes of requests`);
    if (isOverShare || this.#bodyBytes + bytes > this.#limits.bodyBytesAtOnce)
      throw overloaded('The server is busy with large requests: send the same again later');
  }

  /** A request is answered, or ended otherwise: it counts no longer. */
  ended(request: Request): void {
    const counted = this.#requests.get(request);
    if (counted === undefined) return;
    this.#requests.delete(request);
    const { actor, underWay, bodyBytes } = counted;
    this.#bodyBytes -= bodyBytes;
    underWay.bodyBytes -= bodyBytes;
    if (--underWay.requests === 0) this.#underWay.delete(keyOf(actor));
  }

  /**
   * Lets the engine work for a request when it is its turn.
   *
   * @param client of a sync: its requests take turns
   * @throws ProblemError `overloaded`
   */
  admit<T>(
    request: Request,
    { work, actor, client }: { work: Work; actor: Actor; client?: string },
    body: () => Promise<T>,
  ): Promise<T> {
    const { signal } = request;
    const admitted = () => this.#admission.run(work, signal, body);
    return client === undefined ? admitted() : this.#clients.run(`${actor.tenant}/${client}`, signal, admitted);
  }
}

function keyOf(actor: Actor | undefined): string {
  return actor === undefined ? '' : `${actor.tenant}/${actor.id}`;
}

function tooMuch({ id }: Actor, what: string): ProblemError {
  return new ProblemError('throttled', `${id} has ${what} under way: wait for their answers`, { retryAfterSeconds: 1 });
}
