import { ApiError } from '../frame/api-line.ts';
import { inWords } from '../frame/asked.tsx';

/** What is done to many deliveries, one mutation for each. */
export type BulkAction =
  | { readonly name: 'assignDelivery'; readonly agentId: string; readonly inWords: string }
  | { readonly name: 'cancelDelivery'; readonly reason: string; readonly inWords: string };

export interface BulkRow {
  readonly id: string;
  readonly customer: string;
  readonly state: 'waiting' | 'done' | 'refused' | 'unknown';
  readonly why: string;
}

interface BulkOptions {
  /** As ApiLine's. */
  mutate(name: string, args: object, key: string): Promise<void>;
  /** A new idempotency key. */
  newKey(): string;
  /** Told after each row. */
  onChange(rows: readonly BulkRow[]): void;
}

const atOnce = 4;

/**
 * One action on many rows. Each row has one key for as long as this lives, so that to run it again, after a line that broke
 * in the middle, sends only what has no answer yet and does nothing twice.
 */
export class BulkRun {
  readonly action: BulkAction;
  readonly #options: BulkOptions;
  readonly #keys = new Map<string, string>();
  #rows: BulkRow[];

  constructor(
    action: BulkAction,
    targets: readonly { readonly id: string; readonly customer: string }[],
    options: BulkOptions,
  ) {
    this.action = action;
    this.#options = options;
    this.#rows = targets.map((target) => ({ ...target, state: 'waiting', why: '' }));
  }

  get rows(): readonly BulkRow[] {
    return this.#rows;
  }

  /** Sends what has no answer yet; resolves when all have been tried. */
  async run(): Promise<void> {
    const open = this.#rows.filter(({ state }) => state === 'waiting' || state === 'unknown').map(({ id }) => id);
    for (const id of open) this.#set(id, 'waiting', '');
    const next = open[Symbol.iterator]();
    await Promise.all(Array.from({ length: atOnce }, () => this.#work(next)));
  }

  async #work(ids: Iterator<string>): Promise<void> {
    for (let next = ids.next(); next.done !== true; next = ids.next()) await this.#send(next.value);
  }

  async #send(id: string): Promise<void> {
    const { action } = this;
    const key = this.#keys.get(id) ?? this.#options.newKey();
    this.#keys.set(id, key);
    const args =
      action.name === 'assignDelivery'
        ? { deliveryId: id, agentId: action.agentId }
        : { deliveryId: id, reason: action.reason };
    try {
      await this.#options.mutate(action.name, args, key);
      this.#set(id, 'done', '');
    } catch (error) {
      // What the server decided stays; anything else may have happened or not, and is asked again.
      const decided = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
      this.#set(id, decided ? 'refused' : 'unknown', inWords(error));
    }
  }

  #set(id: string, state: BulkRow['state'], why: string): void {
    this.#rows = this.#rows.map((row) => (row.id === id ? { ...row, state, why } : row));
    this.#options.onChange(this.#rows);
  }
}
