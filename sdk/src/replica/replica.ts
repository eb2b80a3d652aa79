import type { Commit, RowChange } from '../commit.ts';
import type { LogEntry } from '../log/entry.ts';
import type { Model } from '../model/index.ts';
import type { Store } from '../store/store.ts';
import { Base } from './base.ts';
import type { Journal } from './journal.ts';
import { LiveAnswer, type RowChanges } from './live-answer.ts';
import type { OptimisticEffects } from './optimistic.ts';
import { add, addAll, Overlay, type RowIds } from './overlay.ts';
import { type Plan, planOf } from './plan.ts';
import { compile, type PlainQuery, type PlainRow, type RowEntry } from './query.ts';

interface Watcher {
  readonly collection: string;
  readonly query: PlainQuery;
  readonly listener: (answer: LiveAnswer) => void;
  answer: LiveAnswer | undefined;
  told: readonly PlainRow[] | undefined;
  /** Its rows could not be read: the next commit or wake tries again. */
  unread: boolean;
  /** The last read that was begun: only the newest counts. */
  reading: object | undefined;
  /** The base was read again since, and may have moved on without the answer. */
  stale: boolean;
}

type Failure = 'optimistic_failed' | 'listener_failed' | 'not_saved';

/** What the replica stands on. */
interface ReplicaOptions {
  readonly store: Store;
  readonly model: Model;
  readonly effects: OptimisticEffects<Model>;
  /** Rows that are safe and not in their places on disk yet. */
  readonly journal: () => Journal;
  /** Rows that were absorbed and are not on disk yet, by name. */
  readonly foreseen: ReadonlyMap<string, RowChange>;
  /** The fields of a collection that the rows on disk can be asked by. */
  readonly indexed: (collection: string) => readonly string[];
  readonly uncovered: () => readonly LogEntry[];
  readonly failed: (code: Failure, error: unknown) => void;
}

/** What the app sees: the base with the overlay on top, and who watches it. */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #base: Base;
  readonly #overlay: Overlay;
  readonly #watchers = new Set<Watcher>();
  /** Base rows that changed since the watchers were last told, by collection and id. */
  readonly #changed = new Map<string, Map<string, PlainRow | null>>();
  /** Rows that may be shown otherwise than the watchers were told, because of the overlay. */
  readonly #touched: RowIds = new Map();
  #baseChanged = false;
  /** Rows that the overlay needs are being read. */
  #rebasing: Promise<void> | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#base = new Base(options.store, options.journal, options.foreseen);
    this.#overlay = new Overlay(
      options.model,
      options.effects,
      (collection, id) => {
        const row = this.#base.row(collection, id);
        return row === undefined ? this.#seen(collection, id) : row;
      },
      (error) => this.#options.failed('optimistic_failed', error),
    );
  }

  read(collection: string, query: PlainQuery): Promise<LiveAnswer> {
    return this.#read(collection, query, (answer) => answer);
  }

  /** @param take takes the answer over before it can grow old. */
  async #read<T>(collection: string, query: PlainQuery, take: (answer: LiveAnswer) => T): Promise<T> {
    const hidden = this.#overlay.rows(collection)?.size ?? 0;
    return this.#base.read(
      collection,
      this.#planOf(collection, query),
      ({ rows, covers }) => take(new LiveAnswer(compile(query), this.#visible(collection, rows), covers)),
      hidden,
      () => this.settled(),
    );
  }

  /** Calls back soon, and whenever the answer's rows have changed; returns unsubscribe. */
  watch(collection: string, query: PlainQuery, listener: Watcher['listener']): () => void {
    const watcher: Watcher = {
      collection,
      query,
      listener,
      answer: undefined,
      told: undefined,
      unread: false,
      reading: undefined,
      stale: false,
    };
    this.#watchers.add(watcher);
    this.#begin(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * Takes over base rows, replays the overlay on them and tells the watchers, in one go: nobody sees the one
   * without the other. What could not be read before is tried again.
   */
  absorb({ rows = [], base }: Pick<Commit, 'rows' | 'base'>): void {
    if (base) {
      this.#base.replace(base);
      // What they were not told yet, and what they have, may never have come to the disk: no effect may stand on it.
      this.#changed.clear();
      for (const watcher of this.#watchers) watcher.stale = true;
    }
    this.#base.absorb(rows);
    for (const { collection, id, row } of rows) {
      let changed = this.#changed.get(collection);
      if (!changed) this.#changed.set(collection, (changed = new Map()));
      changed.set(id, row);
    }
    this.#baseChanged ||= rows.length > 0 || base !== undefined;
    if (!this.#rebasing) this.#rebase();
    for (const watcher of this.#watchers) if (base || watcher.unread) this.#begin(watcher);
  }

  /** The journal is empty: what is being read from disk must be read again. */
  renew(): void {
    this.#base.renew();
  }

  /** The collections that are in memory as a whole, or soon will be. */
  get collections(): readonly string[] {
    return this.#base.collections;
  }

  /** Resolves when the overlay stands for everything absorbed so far. */
  async settled(): Promise<void> {
    while (this.#rebasing) await this.#rebasing;
  }

  close(): void {
    this.#watchers.clear();
  }

  /**
   * A base row that is in memory only because somebody looks at it: what is tapped is on the screen. A row that the
   * overlay may have a hand in is none.
   */
  #seen(collection: string, id: string): PlainRow | undefined {
    const isOther = [this.#overlay.rows(collection), this.#changed.get(collection), this.#touched.get(collection)];
    if (isOther.some((ids) => ids?.has(id))) return undefined;
    for (const watcher of this.#watchers) {
      const row = watcher.collection === collection && !watcher.stale ? watcher.answer?.row(id) : undefined;
      if (!row) continue;
      this.#base.hold(collection, id, row);
      return row;
    }
    return undefined;
  }

  /** Replays the overlay and tells the watchers; when rows are missing for that, reads them first. */
  #rebase(): void {
    const outcome = this.#overlay.replay(this.#options.uncovered(), this.#baseChanged);
    if ('missing' in outcome) return this.#rebaseWith(outcome.missing);
    this.#baseChanged = false;
    addAll(this.#touched, outcome.touched);
    const { changes, unknown } = this.#visibleChanges();
    if (unknown.size > 0) return this.#rebaseWith(unknown);
    this.#touched.clear();
    this.#changed.clear();
    this.#base.keep(this.#overlay.read);
    for (const watcher of [...this.#watchers]) {
      const changed = changes.get(watcher.collection);
      if (changed) this.#change(watcher, changed);
    }
  }

  #rebaseWith(missing: RowIds): void {
    this.#rebasing = this.#base.load(missing).then(
      () => {
        this.#rebasing = undefined;
        this.#rebase();
      },
      (error: unknown) => {
        this.#rebasing = undefined;
        this.#options.failed('not_saved', error);
      },
    );
  }

  /** How the rows stand that may have changed, for those who watch; and rows that only the disk knows. */
  #visibleChanges(): { changes: Map<string, RowChanges>; unknown: RowIds } {
    const watched = new Set([...this.#watchers].filter(({ answer }) => answer).map(({ collection }) => collection));
    const changes = new Map<string, RowChanges>();
    const unknown: RowIds = new Map();
    for (const collection of watched) {
      const overlay = this.#overlay.rows(collection);
      const visible = new Map(this.#changed.get(collection));
      if (overlay) for (const id of visible.keys()) if (overlay.has(id)) visible.set(id, overlay.get(id) ?? null);
      for (const id of this.#touched.get(collection) ?? []) {
        if (visible.has(id)) continue;
        // A row that has left the overlay is shown as the base has it, which nobody may have needed until now.
        const row = overlay?.has(id) ? overlay.get(id) : this.#base.row(collection, id);
        if (row === undefined) add(unknown, collection, id);
        visible.set(id, row ?? null);
      }
      if (visible.size > 0) changes.set(collection, visible);
    }
    return { changes, unknown };
  }

  #change(watcher: Watcher, changes: RowChanges): void {
    const { answer } = watcher;
    if (!answer) return;
    try {
      answer.change(changes);
    } catch (error) {
      watcher.stale = true;
      return this.#options.failed('listener_failed', error);
    }
    // What moves up from beyond the window must be read; until then the answer stays as it was told.
    if (answer.short) this.#begin(watcher);
    else this.#tell(watcher, answer);
  }

  #begin(watcher: Watcher): void {
    const reading = {};
    watcher.unread = false;
    watcher.reading = reading;
    const isNewest = () => watcher.reading === reading && this.#watchers.has(watcher);
    this.#read(watcher.collection, watcher.query, (answer) => {
      if (!isNewest()) return;
      watcher.answer = answer;
      watcher.stale = false;
      this.#tell(watcher, answer);
    }).catch((error: unknown) => {
      if (!isNewest()) return;
      watcher.unread = true;
      this.#options.failed(error instanceof TypeError ? 'listener_failed' : 'not_saved', error);
    });
  }

  #tell(watcher: Watcher, answer: LiveAnswer): void {
    if (answer.rows === watcher.told) return;
    if (watcher.told && answer.keepAlike(watcher.told)) return;
    watcher.told = answer.rows;
    try {
      watcher.listener(answer);
    } catch (error) {
      this.#options.failed('listener_failed', error);
    }
  }

  #planOf(collection: string, query: PlainQuery): Plan {
    const key = this.#options.model.collections[collection]?.key ?? '';
    return planOf(collection, { key, indexes: this.#options.indexed(collection) }, query);
  }

  *#visible(collection: string, rows: ReadonlyMap<string, PlainRow>): Iterable<RowEntry> {
    const overlay = this.#overlay.rows(collection);
    for (const entry of rows) if (!overlay?.has(entry[0])) yield entry;
    for (const [id, row] of overlay ?? []) if (row) yield [id, row];
  }
}
