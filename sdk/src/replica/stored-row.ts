import type { PlainRow } from './query.ts';

/** A row on disk, keyed by [collection, id]. It stands as long as a scope holds it. */
export interface StoredRow {
  readonly collection: string;
  readonly id: string;
  /** What the app sees; null while every scope that holds the row hides it. */
  readonly row: PlainRow | null;
  /** The row's tag in each scope that holds it: what the scope's count and checksum are made of. */
  readonly scopes: Readonly<Record<string, number>>;
  /** Scopes that still count the row but no longer show it: its move out of them has no version yet. */
  readonly hidden?: readonly string[];
}
