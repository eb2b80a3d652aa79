import { countChange, getIdentity, getProgress, type Own, type Progress, putMeta } from '../store/meta.ts';
import type { OwnCommit } from '../commit.ts';
import type { Key, Store, Transaction } from '../store/store.ts';
import { indexEntries } from './index-values.ts';
import type { PlainRow } from './query.ts';
import { type IndexesOf, isGone, type Placing, type StoredRow } from './stored-row.ts';

/** No collection is called so: the journal's segments stand before all rows. */
const journalName = '';
/** Rows that are put in their places in one transaction: few enough that nobody who wants the store waits long. */
const sliceRows = 250;

/** A value of 64 KiB goes into a file of its own in Chromium, which takes twice as long; a character may have two bytes. */
const mostChars = 30_000;

/** One delta's rows, or a part of them, under the revision that it made. */
interface Segment {
  readonly seq: number;
  /** How many parts there are; one, where an earlier version wrote it. */
  readonly parts?: number;
  /** Where it is, as with every row. */
  readonly collection: string;
  readonly id: string;
  /** As JSON, which browsers read and write several times faster than they clone a thousand objects; cut wherever a part ends. */
  readonly placings: string;
}

/**
 * Large deltas are written as one value, which a disk takes a hundred times faster than as many rows: safe at once, and
 * put in their places later. Until then memory has them, and they count before what stands in their places.
 */
export class Journal {
  readonly #rows = new Map<string, Map<string, StoredRow | null>>();

  /** How a row is to stand: null when it is gone, undefined when the journal does not say. */
  get(collection: string, id: string): StoredRow | null | undefined {
    return this.#rows.get(collection)?.get(id);
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  sizeOf(collection: string): number {
    return this.#rows.get(collection)?.size ?? 0;
  }

  /** All rows of all collections. */
  *placings(): Iterable<Placing> {
    for (const [collection, rows] of this.#rows)
      for (const [id, stored] of rows) yield stored ?? { collection, id, row: null };
  }

  add(placings: readonly Placing[]): void {
    for (const placing of placings) {
      const { collection, id } = placing;
      let rows = this.#rows.get(collection);
      if (!rows) this.#rows.set(collection, (rows = new Map()));
      rows.set(id, isGone(placing) ? null : placing);
    }
  }

  /** What a collection shows, given what stands in its places. */
  show(collection: string, rows: ReadonlyMap<string, PlainRow>): ReadonlyMap<string, PlainRow> {
    const journaled = this.#rows.get(collection);
    if (!journaled) return rows;
    const shown = new Map(rows);
    journaled.forEach((stored, id) => {
      if (stored?.row) shown.set(id, stored.row);
      else shown.delete(id);
    });
    return shown;
  }
}

/** Reads what the journal has, as the newest of its segments say. */
export async function readJournal(tx: Transaction, { journal: state }: Progress): Promise<Journal> {
  const journal = new Journal();
  if (!state) return journal;
  const segments = (await tx.list('rows', { first: journalName })) as Segment[];
  for (let at = 0; at < segments.length;) {
    const end = at + (segments[at]?.parts ?? 1);
    journal.add(placingsOf(segments.slice(at, end)));
    at = end;
  }
  return journal;
}

/** Adds a segment. The caller counts it in the progress. */
export async function appendSegment(tx: Transaction, seq: number, placings: readonly Placing[]): Promise<void> {
  const text = JSON.stringify(placings);
  const parts = Math.ceil(text.length / mostChars);
  const keys = keysOf({ seq, parts });
  await Promise.all(
    keys.map(([collection, id], part) => {
      const cut = text.slice(part * mostChars, (part + 1) * mostChars);
      const segment: Segment = { seq, parts, collection, id, placings: cut };
      return tx.put('rows', [collection, id], segment);
    }),
  );
}

/** Whether what was listed from all of `rows` is a row, and not the journal's. */
export function isRow(value: unknown): value is StoredRow {
  return !('placings' in (value as object));
}

/** Puts rows in their places slice by slice: between them the screen gets its turn. */
export async function placeAll(tx: Transaction, placings: readonly Placing[], indexesOf: IndexesOf): Promise<void> {
  for (let at = 0; at < placings.length; at += sliceRows) {
    await Promise.all(placings.slice(at, at + sliceRows).map((placing) => place(tx, placing, indexesOf)));
  }
}

async function place(tx: Transaction, placing: Placing, indexesOf: IndexesOf): Promise<void> {
  const { collection, id, row } = placing;
  if (isGone(placing)) return tx.delete('rows', [collection, id]);
  const index = row ? indexEntries(collection, row, indexesOf(collection)) : [];
  await tx.put('rows', [collection, id], index.length > 0 ? { ...placing, index } : placing);
}

/**
 * Puts the oldest segment's rows in their places, in transactions that keep nobody waiting for long, and then drops it. A
 * crash in between costs nothing but doing it again.
 *
 * @param own who writes: rows lie in the indexes of the newest app that was here.
 * @returns what was committed; undefined when the journal is empty.
 * @throws StoreTooNewError
 */
export async function settleSegment(store: Store, own: Own, indexesOf: IndexesOf): Promise<OwnCommit | undefined> {
  const begun = await store.transaction(['rows', 'meta'], 'write', async (tx) => {
    if (!(await getIdentity(tx, own))) return undefined;
    const progress = await getProgress(tx);
    if (!progress.journal) return undefined;
    const [segment] = (await tx.list('rows', { first: journalName }, 1)) as Segment[];
    // From now on rows may stand in their places: whoever looks for one must look there too.
    const journal = { ...progress.journal, bare: false };
    if (progress.journal.bare) await putMeta(tx, 'progress', { ...progress, journal });
    const keys = keysOf(segment ?? { seq: 0 });
    const parts = segment ? await Promise.all(keys.map((key) => tx.get('rows', key))) : [];
    return { keys, placings: segment ? placingsOf(parts as Segment[]) : [] };
  });
  if (!begun) return undefined;
  const { keys, placings } = begun;
  for (let at = 0; at < placings.length; at += sliceRows) {
    const slice = placings.slice(at, at + sliceRows);
    // Gone: another tab has put it in its place, or dropped it, and what came after must not be overwritten.
    const there = await store.transaction(['rows', 'meta'], 'write', async (tx) => {
      if (!(await getIdentity(tx, own)) || (await tx.get('rows', keys[0] as Key)) === undefined) return false;
      await placeAll(tx, slice, indexesOf);
      return true;
    });
    if (!there) break;
  }
  return store.transaction(['rows', 'meta'], 'durable', async (tx) => {
    if (!(await getIdentity(tx, own))) return undefined;
    const counted = await countChange(tx);
    await Promise.all(keys.map((key) => tx.delete('rows', key)));
    const [next] = await tx.list('rows', { first: journalName }, 1);
    if (next) return counted;
    const { journal: _journal, ...progress } = counted.progress;
    await putMeta(tx, 'progress', progress);
    return { ...counted, progress };
  });
}

/** As an earlier version wrote them: null when they are gone. */
type FormerPlacing = readonly [collection: string, id: string, row: StoredRow | null];

function placingsOf(parts: readonly Segment[]): Placing[] {
  const placings = JSON.parse(parts.map((part) => part.placings).join('')) as (Placing | FormerPlacing)[];
  return placings.map((one) => ('length' in one ? (one[2] ?? { collection: one[0], id: one[1], row: null }) : one));
}

/** The keys of a segment's parts, in order. */
function keysOf({ seq, parts = 1 }: Pick<Segment, 'seq' | 'parts'>): (readonly [string, string])[] {
  const first = String(seq).padStart(16, '0');
  const others = Array.from({ length: parts - 1 }, (_, at) => `${first}.${String(at).padStart(4, '0')}`);
  return [first, ...others].map((id) => [journalName, id]);
}
