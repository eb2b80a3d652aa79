import type { Indexed, Transaction } from '../store/store.ts';
import type { Journal } from './journal.ts';
import type { PlainRow } from './query.ts';

/** A row on disk, keyed by [collection, id]. It stands as long as a scope holds it or has left it over. */
export interface StoredRow extends Indexed {
  readonly collection: string;
  readonly id: string;
  /** What the app sees; null while every scope that holds the row hides it. */
  readonly row: PlainRow | null;
  /** The row's tag in each scope that holds it: what the scope's count and checksum are made of. */
  readonly scopes: Readonly<Record<string, number>>;
  /** Scopes that still count the row but no longer show it: its move out of them has no version yet. */
  readonly hidden?: readonly string[];
  /** Scopes that are being sent whole again and have not come to this row yet: it is still shown, but not counted. */
  readonly left?: readonly string[];
}

/** A row that nothing holds any more. */
export interface GoneRow {
  readonly collection: string;
  readonly id: string;
  readonly row: null;
}

/** A row as it is to stand. */
export type Placing = StoredRow | GoneRow;

export function isGone(placing: Placing): placing is GoneRow {
  return !('scopes' in placing);
}

/** The fields by which a collection's rows are indexed. */
export type IndexesOf = (collection: string) => readonly string[];

/** Reads what a collection shows, by id. */
export async function readRows(tx: Transaction, collection: string): Promise<Map<string, PlainRow>> {
  const rows = new Map<string, PlainRow>();
  const stored = (await tx.list('rows', { first: collection })) as StoredRow[];
  for (const { id, row } of stored) if (row) rows.set(id, row);
  return rows;
}

/** Reads what is shown of one row. */
export async function readRow(
  tx: Transaction,
  journal: Journal,
  collection: string,
  id: string,
): Promise<PlainRow | null> {
  const journaled = journal.get(collection, id);
  const stored =
    journaled === undefined ? ((await tx.get('rows', [collection, id])) as StoredRow | undefined) : journaled;
  return stored?.row ?? null;
}
