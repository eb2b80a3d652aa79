import type { OwnCommit } from '../commit.ts';
import type { Channel, Platform } from '../platform.ts';
import type { Status } from '../status.ts';

/** What the syncing tab knows about the line, and the others show. */
export type LineStatus = Pick<Status, 'syncing' | 'needsToken' | 'updateRequired' | 'lastError' | 'clockErrorMs'>;

/** What one tab tells the others: where to look on disk again, or how the line is. */
export type TabMessage =
  | {
      readonly kind: 'committed';
      /** The revision on disk before and after: a tab that was not at the one before has missed a message. */
      readonly before: number;
      readonly after: number;
      readonly seqs: readonly number[];
      readonly rows: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'line'; readonly status: LineStatus }
  | { readonly kind: 'signed-out' };

/** A new tab asks how the line is. To tabs that don't know this kind, it is by its `after` a commit that they have. */
interface Opened {
  readonly kind: 'opened';
  readonly after: -1;
}

/** The tabs that have the same store open: one of them syncs, and each hears what the others changed. */
export class Tabs {
  readonly #name: string | undefined;
  readonly #lock: Platform['lock'];
  readonly #channel: Channel | undefined;
  /** Heard before anybody listened. */
  readonly #early: TabMessage[] = [];
  #listener: ((message: TabMessage) => void) | undefined;
  /** The line as it was told last, by whichever tab. */
  #line = '';
  #leads = false;

  /** @param name the store's shared name; undefined: no other tab can have it open. */
  constructor(platform: Pick<Platform, 'lock' | 'channel'>, name: string | undefined) {
    this.#name = name;
    this.#lock = name === undefined ? undefined : platform.lock;
    this.#channel =
      name === undefined
        ? undefined
        : platform.channel?.(name, (message) => this.#heard(message as TabMessage | Opened));
  }

  /** Whether this tab is the one that leads. */
  get leads(): boolean {
    return this.#leads;
  }

  /** From now on `listener` hears what the others tell, and first what they have told since the channel was opened. */
  listen(listener: (message: TabMessage) => void): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener(message);
    this.#post({ kind: 'opened', after: -1 });
  }

  committed({ progress, follows, entries = [], removed = [], rows = [] }: OwnCommit): void {
    this.#post({
      kind: 'committed',
      before: follows,
      after: progress.revision,
      seqs: [...entries.map(({ seq }) => seq), ...removed],
      rows: rows.map(({ collection, id }) => [collection, id]),
    });
  }

  /** Tells how the line is, unless that is what was told last: what one tab has heard from another is no news to it. */
  line({ syncing, needsToken, updateRequired, lastError, clockErrorMs }: LineStatus): void {
    const status = { syncing, needsToken, updateRequired, lastError, clockErrorMs };
    if (JSON.stringify(status) === this.#line) return;
    this.#line = JSON.stringify(status);
    this.#post({ kind: 'line', status });
  }

  /** Tells that the store is empty, and for good. */
  signedOut(): void {
    this.#post({ kind: 'signed-out' });
  }

  /** Runs `body` while this tab is the one that leads: as soon as no other does, and until `body` is done. */
  async lead(closing: AbortSignal, body: () => Promise<void>): Promise<void> {
    const leading = () => {
      this.#leads = true;
      return body();
    };
    await this.#locked('leads', closing, leading).catch((error: unknown) => {
      if (!closing.aborted) throw error;
    });
  }

  /** Runs `body` while no other tab does the same. */
  alone<T>(closing: AbortSignal, body: () => Promise<T>): Promise<T> {
    return this.#locked('syncs', closing, body);
  }

  async #locked<T>(what: string, closing: AbortSignal, body: () => Promise<T>): Promise<T> {
    let running: Promise<T> | undefined;
    try {
      await this.#lock?.(`${this.#name} ${what}`, closing, async () => void (await (running = body())));
    } catch (error) {
      if (!running && closing.aborted) throw error;
    }
    // Without locks to be had (an odd origin) it is better that two tabs sync than none.
    return running ?? body();
  }

  close(): void {
    this.#channel?.close();
  }

  #heard(message: TabMessage | Opened): void {
    if (message.kind === 'opened') {
      if (this.#leads && this.#line) this.#post({ kind: 'line', status: JSON.parse(this.#line) as LineStatus });
      return;
    }
    if (message.kind === 'line') {
      // Without locks several tabs lead: each shows its own line, or they would tell each other for ever.
      if (this.#leads) return;
      this.#line = JSON.stringify(message.status);
    }
    if (this.#listener) this.#listener(message);
    else this.#early.push(message);
  }

  #post(message: TabMessage | Opened): void {
    try {
      this.#channel?.post(message);
    } catch {
      // A message that got lost is made good: the next one shows that a revision is missing.
    }
  }
}
