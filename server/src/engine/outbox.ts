import type { Queryable } from '../db/database.ts';

/** Puts a job into the outbox, in the transaction it is given. */
export type EnqueueJob = (tx: Queryable, queue: string, data: Record<string, unknown>) => Promise<void>;

/** Where side effects wait until their transaction has committed. */
export interface Outbox {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly enqueue: EnqueueJob;
}
