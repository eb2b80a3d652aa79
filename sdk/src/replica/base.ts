import type { RowChange } from '../commit.ts';
import type { Store, Transaction } from '../store/store.ts';
import { indexValue } from './index-values.ts';
import type { Journal } from './journal.ts';
import type { IndexRange, Plan } from './plan.ts';
import type { PlainRow } from './query.ts';
import { readRows, type StoredRow } from './stored-row.ts';

type Rows = Map<string, PlainRow>;

/** What was read for a query: base rows by id, and where all of them are known. */
export interface Found {
  readonly rows: ReadonlyMap<string, PlainRow>;
  /** Undefined: everywhere. */
  readonly covers: ((row: PlainRow) => boolean) | undefined;
}

/** A window reads this many rows more than it shows, so that rows may leave it without another read. */
const windowSlack = 50;

/**
 * What the server said. It lies on disk; in memory are collections that somebody asked for as a whole, and single rows
 * that optimistic effects stand on.
 */
export class Base {
  readonly #store: Store;
  readonly #journal: () => Journal;
  readonly #foreseen: ReadonlyMap<string, RowChange>;
  readonly #whole = new Map<string, Rows>();
  /** Single rows by collection; null: there is none. */
  readonly #single = new Map<string, Map<string, PlainRow | null>>();
  readonly #readings = new Map<string, Set<RowChange[]>>();
  readonly #loading = new Map<string, Promise<void>>();
  /** Counts replacements: what was read before one may be older than memory. */
  #generation = 0;

  /**
   * @param journal gives the rows that are not in their places yet.
   * @param foreseen those that are not on disk yet.
   */
  constructor(store: Store, journal: () => Journal, foreseen: ReadonlyMap<string, RowChange>) {
    this.#store = store;
    this.#journal = journal;
    this.#foreseen = foreseen;
  }

  /** A row as memory has it: null when there is none, undefined when only the disk knows. */
  row(collection: string, id: string): PlainRow | null | undefined {
    const whole = this.#whole.get(collection);
    return whole ? (whole.get(id) ?? null) : this.#single.get(collection)?.get(id);
  }

  /** The collections that are in memory as a whole, or soon will be. */
  get collections(): readonly string[] {
    return [...new Set([...this.#whole.keys(), ...this.#loading.keys()])];
  }

  absorb(changes: readonly RowChange[]): void {
    for (const change of changes) {
      const { collection, id, row } = change;
      apply(this.#whole.get(collection), change);
      const single = this.#single.get(collection);
      if (single?.has(id)) single.set(id, row);
      for (const meanwhile of this.#readings.get(collection) ?? []) meanwhile.push(change);
    }
  }

  /** Takes over whole collections, read again from disk, and forgets everything else. */
  replace(collections: ReadonlyMap<string, ReadonlyMap<string, PlainRow>>): void {
    for (const [collection, rows] of collections) this.#whole.set(collection, new Map(rows));
    this.#single.clear();
    this.renew();
  }

  /** What is being read from disk must be read again: memory no longer makes good what the disk did not have. */
  renew(): void {
    this.#generation += 1;
  }

  /** Forgets the single rows but these. */
  keep(ids: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const [collection, rows] of this.#single) {
      const kept = ids.get(collection);
      for (const id of rows.keys()) if (!kept?.has(id)) rows.delete(id);
    }
  }

  /** Reads single rows into memory. */
  async load(wanted: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    const loads = [...wanted].map(([collection, ids]) =>
      this.read(collection, { kind: 'keys', ids: [...ids] }, ({ rows }) => {
        for (const id of ids) this.hold(collection, id, rows.get(id) ?? null);
      }),
    );
    await Promise.all(loads);
  }

  /**
   * Reads what a plan asks for, from memory when the collection is there. What is absorbed until `ready` resolves
   * counts too, so that the answer is as new as memory is.
   *
   * @param take is given the answer, and takes it over before anything else can be absorbed.
   * @param hidden how many of the rows on disk may not be shown: a window reads as many more.
   */
  async read<T>(
    collection: string,
    plan: Plan,
    take: (found: Found) => T,
    hidden = 0,
    ready: () => Promise<void> = nothing,
  ): Promise<T> {
    for (;;) {
      const generation = this.#generation;
      const meanwhile = this.#listen(collection);
      try {
        const found = await this.#find(collection, plan, hidden + meanwhile.length);
        await ready();
        if (generation !== this.#generation) continue;
        const fromMemory = found.rows === this.#whole.get(collection);
        const shown = fromMemory ? found.rows : this.#journal().show(collection, found.rows);
        return take({ rows: withAll(shown, meanwhile), covers: found.covers });
      } finally {
        this.#readings.get(collection)?.delete(meanwhile);
      }
    }
  }

  /** Gives what was foreseen, and what is absorbed from now on. */
  #listen(collection: string): RowChange[] {
    const meanwhile = [...this.#foreseen.values()].filter((change) => change.collection === collection);
    const readings = this.#readings.get(collection) ?? new Set();
    this.#readings.set(collection, readings.add(meanwhile));
    return meanwhile;
  }

  async #find(collection: string, plan: Plan, hidden: number): Promise<Found> {
    if (plan.kind === 'collection') await this.#loadWhole(collection);
    const whole = this.#whole.get(collection);
    if (whole) return { rows: whole, covers: undefined };
    return this.#store.transaction(['rows'], 'read', (tx) =>
      find(tx, collection, plan, hidden + this.#journal().sizeOf(collection)),
    );
  }

  #loadWhole(collection: string): Promise<void> {
    if (this.#whole.has(collection)) return Promise.resolve();
    const loading =
      this.#loading.get(collection) ??
      this.#readWhole(collection).finally(() => {
        this.#loading.delete(collection);
      });
    this.#loading.set(collection, loading);
    return loading;
  }

  async #readWhole(collection: string): Promise<void> {
    for (;;) {
      const generation = this.#generation;
      const meanwhile = this.#listen(collection);
      try {
        const found = await this.#store.transaction(['rows'], 'read', (tx) => readRows(tx, collection));
        // Replaced meanwhile: what came in its place is newer.
        if (generation !== this.#generation && this.#whole.has(collection)) return;
        if (generation !== this.#generation) continue;
        this.#whole.set(collection, new Map(withAll(this.#journal().show(collection, found), meanwhile)));
        this.#single.delete(collection);
        return;
      } finally {
        this.#readings.get(collection)?.delete(meanwhile);
      }
    }
  }

  /** Has a row in memory, until {@link keep} lets it go. */
  hold(collection: string, id: string, row: PlainRow | null): void {
    if (this.#whole.has(collection)) return;
    const rows = this.#single.get(collection) ?? new Map<string, PlainRow | null>();
    this.#single.set(collection, rows.set(id, row));
  }
}

const nothing = () => Promise.resolve();

/** How rows stand in the end: what was committed since they were asked for may or may not be in them. */
function withAll(rows: ReadonlyMap<string, PlainRow>, changes: readonly RowChange[]): ReadonlyMap<string, PlainRow> {
  if (changes.length === 0) return rows;
  const all = new Map(rows);
  for (const change of changes) apply(all, change);
  return all;
}

function apply(rows: Rows | undefined, { id, row }: RowChange): void {
  if (row) rows?.set(id, row);
  else rows?.delete(id);
}

async function find(tx: Transaction, collection: string, plan: Plan, hidden: number): Promise<Found> {
  switch (plan.kind) {
    case 'collection':
      return { rows: await readRows(tx, collection), covers: undefined };
    case 'keys': {
      const rows = await Promise.all(plan.ids.map((id) => tx.get('rows', [collection, id])));
      return { rows: byId(rows.filter((row) => row !== undefined) as StoredRow[]), covers: undefined };
    }
    case 'ranges': {
      const lists = await Promise.all(plan.ranges.map((range) => tx.list('rows', range) as Promise<StoredRow[]>));
      return { rows: byId(lists.flat()), covers: undefined };
    }
    case 'window':
      return findWindow(tx, plan.range, plan.limit + windowSlack + hidden);
  }
}

/** One end of an index, up to and with all rows that stand where the last one does. */
async function findWindow(tx: Transaction, range: IndexRange, wanted: number): Promise<Found> {
  const rows = (await tx.list('rows', range, wanted)) as StoredRow[];
  const last = rows.length < wanted ? undefined : rows.at(-1)?.row;
  if (!last) return { rows: byId(rows), covers: undefined };
  const [, field] = range.index;
  const end = indexValue(last[field]);
  const equals = (await tx.list('rows', { index: range.index, from: end, to: end })) as StoredRow[];
  return {
    rows: byId([...rows, ...equals]),
    covers: (row) => !isAfter(indexValue(row[field]), end, range.desc === true),
  };
}

function isAfter(value: string | number, end: string | number, desc: boolean): boolean {
  if (value === end) return false;
  const larger = typeof value === typeof end ? value > end : typeof value === 'string';
  return larger !== desc;
}

function byId(stored: readonly StoredRow[]): Rows {
  const rows: Rows = new Map();
  for (const { id, row } of stored) if (row) rows.set(id, row);
  return rows;
}
