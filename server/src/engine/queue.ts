import type { QueueOptions } from 'pg-boss';

/** A queue of the outbox, and how its jobs are tried. Times are in seconds. */
export interface Queue {
  readonly name: string;
  /** Tries after the first one; 10 by default. */
  readonly retries?: number;
  /** Before the second try, 5 by default; each later one waits about twice as long, but no longer than `longestDelay`. */
  readonly retryDelay?: number;
  readonly longestDelay?: number;
  /** After so long a job that is still at work counts as failed; 900 by default. */
  readonly expiresIn?: number;
  /** A worker that has not been heard of for so long is dead, and its jobs are tried again; at least 10. */
  readonly heartbeat?: number;
  /** Where jobs go that were refused for good or tried often enough; a queue too, which nobody works on. */
  readonly deadLetters?: string;
}

/** A queue that is only a name has what every queue has by default. */
export function declared(queue: string | Queue): Queue {
  return typeof queue === 'string' ? { name: queue } : queue;
}

/** The same, as pg-boss takes it. */
export function pgBossQueue(queue: Queue): QueueOptions & { deadLetter?: string } {
  const given = {
    retryDelayMax: queue.longestDelay,
    expireInSeconds: queue.expiresIn,
    heartbeatSeconds: queue.heartbeat,
    deadLetter: queue.deadLetters,
  };
  return {
    ...{ retryLimit: queue.retries ?? 10, retryBackoff: true, retryDelay: queue.retryDelay ?? 5 },
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<
      Record<keyof typeof given, never>
    >),
  };
}
