import type { LogEntry } from './log/entry.ts';
import type { Journal } from './replica/journal.ts';
import type { PlainRow } from './replica/query.ts';
import type { Placing } from './replica/stored-row.ts';
import type { Identity, Progress, ScopeSums } from './store/meta.ts';

/** A row as it is shown from now on; null: no longer. */
export interface RowChange {
  readonly collection: string;
  readonly id: string;
  readonly row: PlainRow | null;
}

/** What one store transaction changed. Memory takes it over in one go, so nobody sees half of it. */
export interface Commit {
  readonly identity?: Identity;
  readonly progress?: Progress;
  readonly scopes?: ScopeSums;
  readonly entries?: readonly LogEntry[];
  /** `seq` of entries that are gone. */
  readonly removed?: readonly number[];
  readonly rows?: readonly RowChange[];
  /** Rows that went into the journal. */
  readonly journaled?: readonly Placing[];
  /** The journal, read again from disk. */
  readonly journal?: Journal;
  /** Whole collections, by id, read again from disk. */
  readonly base?: ReadonlyMap<string, ReadonlyMap<string, PlainRow>>;
}

/** What a transaction of this tab's own changed. */
export interface OwnCommit extends Commit {
  readonly progress: Progress;
  /** The revision on disk that it was made upon: another one than memory's means that memory has missed something. */
  readonly follows: number;
}
