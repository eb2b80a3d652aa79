import type { Actor } from '../engine/actor.ts';
import { ProblemError } from '../problem.ts';
import { Admission, type Load, type Work } from './admission.ts';
import type { Authenticate } from './auth.ts';
import { ClientTurns } from './client-turns.ts';
import type { Limits } from './limits.ts';
import { RateLimit } from './rate-limit.ts';
import { overloaded } from './waiter.ts';

/** What a request counts for until it is answered. */
interface Counted {
  readonly actor: Actor;
  bodyBytes: number;
}

/** A request of this many bytes, URL and body, counts as one more: a mebibyte made to be slow takes a while to read. */
const bytesPerRequest = 32 * 1024;

/** Everything that a request must pass before the engine works for it. One for each node. */
export class Gate {
  readonly #limits: Limits;
  readonly #admission: Admission;
  readonly #clients: ClientTurns;
  readonly #rate: RateLimit;
  readonly #requests = new WeakMap<Request, Counted>();
  readonly #atOnce = new Map<string, number>();
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
    const key = keyOf(actor);
    const atOnce = this.#atOnce.get(key) ?? 0;
    if (atOnce >= this.#limits.actorAtOnce) {
      throw new ProblemError('throttled', `${actor.id} has ${atOnce} requests under way: wait for their answers`, {
        retryAfterSeconds: 1,
      });
    }
    this.#atOnce.set(key, atOnce + 1);
    this.#requests.set(request, { actor, bodyBytes: 0 });
    this.#rate.charge(actor, Math.floor(request.url.length / bytesPerRequest));
  }

  /** Counts bytes of a request's body until it is answered. @throws ProblemError `overloaded` */
  hold(request: Request, bytes: number): void {
    const counted = this.#requests.get(request);
    if (counted === undefined) return;
    if (this.#bodyBytes + bytes > this.#limits.bodyBytesAtOnce)
      throw overloaded('The server is busy with large requests: send the same again later');
    this.#rate.charge(counted.actor, bytes / bytesPerRequest);
    counted.bodyBytes += bytes;
    this.#bodyBytes += bytes;
  }

  /** A request is answered, or ended otherwise: it counts no longer. */
  ended(request: Request): void {
    const counted = this.#requests.get(request);
    if (counted === undefined) return;
    this.#requests.delete(request);
    this.#bodyBytes -= counted.bodyBytes;
    const key = keyOf(counted.actor);
    const left = (this.#atOnce.get(key) ?? 1) - 1;
    if (left === 0) this.#atOnce.delete(key);
    else this.#atOnce.set(key, left);
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

function keyOf({ tenant, id }: Actor): string {
  return `${tenant}/${id}`;
}
