import type { Commit } from '../commit.ts';
import type { Channel, Platform } from '../platform.ts';
import type { Status } from '../status.ts';

/** What the syncing tab knows about the line, and the others show. */
export type LineStatus = Pick<Status, 'syncing' | 'needsToken' | 'updateRequired' | 'lastError'>;

/** What one tab tells the others: where to look on disk again, or how the line is. */
export type TabMessage =
  | {
      readonly kind: 'committed';
      readonly seqs: readonly number[];
      readonly rows: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'line'; readonly status: LineStatus };

/** The tabs that have the same store open: one of them syncs, and each hears what the others changed. */
export class Tabs {
  readonly #name: string | undefined;
  readonly #lock: Platform['lock'];
  readonly #channel: Channel | undefined;

  /** @param name the store's shared name; undefined: no other tab can have it open. */
  constructor(
    platform: Pick<Platform, 'lock' | 'channel'>,
    name: string | undefined,
    heard: (message: TabMessage) => void,
  ) {
    this.#name = name;
    this.#lock = name === undefined ? undefined : platform.lock;
    this.#channel =
      name === undefined ? undefined : platform.channel?.(name, (message) => heard(message as TabMessage));
  }

  committed({ entries = [], removed = [], rows = [] }: Commit): void {
    this.#channel?.post({
      kind: 'committed',
      seqs: [...entries.map(({ seq }) => seq), ...removed],
      rows: rows.map(({ collection, id }) => [collection, id]),
    } satisfies TabMessage);
  }

  line({ syncing, needsToken, updateRequired, lastError }: LineStatus): void {
    const status = { syncing, needsToken, updateRequired, lastError };
    this.#channel?.post({ kind: 'line', status } satisfies TabMessage);
  }

  /** Runs `body` while this tab is the one that leads: as soon as no other does, and until `body` is done. */
  async lead(closing: AbortSignal, body: () => Promise<void>): Promise<void> {
    if (!this.#lock) return body();
    try {
      await this.#lock(`${this.#name} leads`, closing, body);
    } catch (error) {
      // Without locks to be had (an odd origin) it is better that two tabs sync than none.
      if (!closing.aborted) return body();
      if (!(error instanceof Error)) throw error;
    }
  }

  /** Runs `body` while no other tab does the same. */
  async alone<T>(closing: AbortSignal, body: () => Promise<T>): Promise<T> {
    if (!this.#lock) return body();
    const outcome = Promise.withResolvers<T>();
    const locked = this.#lock(`${this.#name} syncs`, closing, async () => {
      await body().then(outcome.resolve, outcome.reject);
    });
    locked.catch(outcome.reject);
    return outcome.promise;
  }

  close(): void {
    this.#channel?.close();
  }
}
