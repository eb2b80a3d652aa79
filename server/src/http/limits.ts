import type { Actor } from '../engine/actor.ts';

/** How often one actor may ask: `burst` requests at once, and `perSecond` in the long run. Each 32 KiB that it sends count as one more. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** How much one node takes on before it refuses. What is refused is told when to come again, and loses nothing. */
export interface Limits {
  /** Requests that work with the database at once; by default one for each of its connections, so that none waits for one. */
  readonly inFlight: number;
  /** Of those, requests that only read (pulls, collections, a sync without mutations): the rest is kept for pushes. By default three of five. */
  readonly readsInFlight: number;
  /** Requests that wait for their turn, 20 for each in flight and at least 200 by default; and for how long, 8 s by default. */
  readonly waiting: number;
  readonly waitMs: number;
  /** Requests of one client at once, 1 by default: more would hold connections and wait for each other's row lock. */
  readonly clientInFlight: number;
  /** Requests of one client that wait for the one before, 255 by default, as many as one actor may have at once. One more refuses the oldest: its sender has given up. */
  readonly clientWaiting: number;
  /** Requests of one actor. By default 1,200 at once and 20 a second: no phone that catches up meets it, a loop does. */
  readonly rate: (actor: Actor) => Rate;
  /** Requests of one actor that are read, worked on or being answered at once; 256 by default. */
  readonly actorAtOnce: number;
  /** Bytes of bodies that are read, waiting or worked on at once, as sent, unpacked and (about) parsed; 256 MiB by default. */
  readonly bodyBytesAtOnce: number;
  /** Of those, what one actor may have, or all together who have not said who they are; a quarter by default, and at least 64 MiB. */
  readonly actorBodyBytesAtOnce: number;
  /** Event streams on this node, 10,000 by default. */
  readonly streams: number;
  /** Event streams of one actor, 20 by default. One more ends the oldest: a phone that lost its line leaves dead ones behind. */
  readonly streamsPerActor: number;
  /** How long the reader of an event stream may take nothing before it is cut off; 60 s by default. */
  readonly streamStuckMs: number;
  /** TCP connections, 10,000 by default. */
  readonly connections: number;
  /** How long the headers of a request may take, 15 s by default; and the request with its body, 60 s. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How long a reader may take over an answer; 120 s by default. */
  readonly answerMs: number;
  /** How long a connection may be idle between two requests, 75 s by default: longer than proxies keep theirs. */
  readonly idleMs: number;
  /** Bytes of headers half read and answers half written, of all connections; 128 MiB by default. The largest are cut off first. */
  readonly pendingBytes: number;
}

const mebibyte = 1024 * 1024;

/** The limits with what was not given filled in. @param connections of the database */
export function limitsOf(given: Partial<Limits>, connections: number): Limits {
  // A read on an embedded database's only connection must not keep every push out.
  const inFlight = given.inFlight ?? Math.max(2, connections);
  const bodyBytesAtOnce = given.bodyBytesAtOnce ?? 256 * mebibyte;
  return {
    inFlight,
    readsInFlight: Math.max(1, Math.floor(inFlight * 0.6)),
    waiting: Math.max(200, 20 * inFlight),
    waitMs: 8_000,
    clientInFlight: 1,
    clientWaiting: 255,
    rate: () => ({ perSecond: 20, burst: 1200 }),
    actorAtOnce: 256,
    bodyBytesAtOnce,
    // One that was made to be large must fit in: it takes up to 34 MiB.
    actorBodyBytesAtOnce: Math.max(64 * mebibyte, bodyBytesAtOnce / 4),
    streams: 10_000,
    streamsPerActor: 20,
    streamStuckMs: 60_000,
    connections: 10_000,
    headersMs: 15_000,
    requestMs: 60_000,
    answerMs: 120_000,
    idleMs: 75_000,
    pendingBytes: 128 * mebibyte,
    ...given,
  };
}
