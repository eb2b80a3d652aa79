import type { Change, Delivery, Question } from './delivery.ts';

/** One way to keep deliveries on a device, opened in a page. */
export interface Contestant {
  /**
   * Gets ready what the server will say: all of these rows, new or changed. The function that comes back takes them in,
   * from JSON text on, and resolves when they are durable, as this contestant understands it.
   */
  receive(rows: readonly Delivery[]): () => Promise<void>;
  /** A person's change, offline: resolves when it is durable, and so noted that it can be sent later. */
  mutate(change: Change): Promise<void>;
  /** Many at once, when that is not simply one `mutate` each. */
  queue?(changes: readonly Change[]): Promise<void>;
  /** Calls back with the rows soon and after every change of them; returns unsubscribe. */
  live(question: Question, listener: (rows: readonly Delivery[]) => void): () => void;
}

/** Opens what is stored under this origin, or a fresh database. `variant` is of the line-up. */
export type Open = (variant: string) => Promise<Contestant>;
