import type { Commit } from '../commit.ts';
import type { LogEntry } from '../log/entry.ts';
import type { Model } from '../model/index.ts';
import type { Store } from '../store/store.ts';
import { Base } from './base.ts';
import type { OptimisticEffects } from './optimistic.ts';
import { Overlay } from './overlay.ts';
import { evaluate, type PlainQuery, type PlainRow } from './query.ts';

interface Watcher {
  readonly collection: string;
  readonly query: PlainQuery;
  readonly listener: (rows: readonly PlainRow[]) => void;
  last: readonly PlainRow[] | undefined;
  /** Its collection could not be read: the next commit or wake tries again. */
  unread: boolean;
}

/** What the app sees: the base with the overlay on top, and who watches it. */
export class Replica {
  readonly #base: Base;
  readonly #overlay: Overlay;
  readonly #uncovered: () => readonly LogEntry[];
  readonly #failed: (code: 'optimistic_failed' | 'listener_failed' | 'not_saved', error: unknown) => void;
  readonly #watchers = new Set<Watcher>();
  /** Collections changed since the watchers were last told. */
  readonly #touched = new Set<string>();
  #settled: Promise<void> = Promise.resolve();

  constructor(options: {
    store: Store;
    model: Model;
    effects: OptimisticEffects<Model>;
    uncovered: () => readonly LogEntry[];
    failed: (code: 'optimistic_failed' | 'listener_failed' | 'not_saved', error: unknown) => void;
  }) {
    this.#failed = options.failed;
    this.#uncovered = options.uncovered;
    this.#base = new Base(options.store);
    this.#overlay = new Overlay(
      options.model,
      options.effects,
      (collection) => this.#base.rows(collection),
      (error) => this.#failed('optimistic_failed', error),
    );
  }

  async read(collection: string, query: PlainQuery): Promise<readonly PlainRow[]> {
    await this.#ready(collection);
    return evaluate(this.#rows(collection), query);
  }

  watch(collection: string, query: PlainQuery, listener: Watcher['listener']): () => void {
    const watcher: Watcher = { collection, query, listener, last: undefined, unread: false };
    this.#watchers.add(watcher);
    this.#begin(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * Takes over base rows, replays the overlay on them and tells the watchers, in one go: nobody sees the one
   * without the other. What could not be read before is tried again.
   */
  absorb({ rows = [], base = new Map() }: Pick<Commit, 'rows' | 'base'>): void {
    this.#base.replace(base);
    this.#base.absorb(rows);
    for (const collection of base.keys()) this.#touched.add(collection);
    for (const { collection } of rows) this.#touched.add(collection);
    this.#rebase();
    for (const watcher of this.#watchers) if (watcher.unread) this.#begin(watcher);
  }

  /** The collections that are in memory, or soon will be. */
  get collections(): readonly string[] {
    return this.#base.collections;
  }

  /** Resolves when the overlay stands for everything absorbed so far. */
  async settled(): Promise<void> {
    await this.#settled;
  }

  close(): void {
    this.#watchers.clear();
  }

  #rebase(): void {
    const outcome = this.#overlay.replay(this.#uncovered());
    if ('missing' in outcome) {
      const loads = [...outcome.missing].map((collection) => this.#base.load(collection));
      this.#settled = Promise.all(loads).then(
        () => this.#rebase(),
        (error: unknown) => this.#failed('not_saved', error),
      );
      return;
    }
    for (const collection of outcome.touched) this.#touched.add(collection);
    const told = [...this.#watchers].filter(({ collection, last }) => last && this.#touched.has(collection));
    this.#touched.clear();
    for (const watcher of told) this.#tell(watcher);
  }

  #begin(watcher: Watcher): void {
    watcher.unread = false;
    this.#ready(watcher.collection).then(
      () => this.#tell(watcher),
      (error: unknown) => {
        watcher.unread = true;
        this.#failed('not_saved', error);
      },
    );
  }

  async #ready(collection: string): Promise<void> {
    await this.#base.load(collection);
    await this.settled();
  }

  #tell(watcher: Watcher): void {
    if (!this.#watchers.has(watcher) || !this.#base.rows(watcher.collection)) return;
    try {
      const rows = evaluate(this.#rows(watcher.collection), watcher.query);
      const next = sameOrNew(watcher.last, rows);
      if (next === watcher.last) return;
      watcher.last = next;
      watcher.listener(next);
    } catch (error) {
      this.#failed('listener_failed', error);
    }
  }

  *#rows(collection: string): Iterable<readonly [string, PlainRow]> {
    const base = this.#base.rows(collection) ?? new Map<string, PlainRow>();
    const overlay = this.#overlay.rows(collection);
    for (const entry of base) if (!overlay?.has(entry[0])) yield entry;
    for (const [id, row] of overlay ?? []) if (row) yield [id, row];
  }
}

/** The last answer itself when nothing differs, else a new one that keeps the rows that are alike. */
function sameOrNew(last: readonly PlainRow[] | undefined, rows: readonly PlainRow[]): readonly PlainRow[] {
  if (!last) return rows;
  const kept = rows.map((row, at) => (alike(row, last[at]) ? (last[at] as PlainRow) : row));
  return kept.length === last.length && kept.every((row, at) => row === last[at]) ? last : kept;
}

function alike(row: PlainRow, other: PlainRow | undefined): boolean {
  if (row === other || !other) return row === other;
  const keys = Object.keys(row);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && row[key] === other[key]);
}
