import type { OwnCommit } from '../commit.ts';
import { DealtWithError, MayStillRunError } from '../errors.ts';
import { countChange, type Identity, type Progress } from '../store/meta.ts';
import type { Transaction } from '../store/store.ts';
import { type LogEntry, needsAttention } from './entry.ts';
import { add, type Draft, readWritten } from './numbered.ts';
import { getEntry, putEntries } from './stored-entries.ts';

/** What is written in the place of what. */
interface Replacing {
  readonly before: Identity;
  /** Of the log before the first try: what is there already came after it. */
  readonly lastSeq: number;
  readonly old: LogEntry;
  readonly draft: Draft;
  readonly mayRunTwice: boolean;
  readonly changes: Partial<Progress>;
}

/**
 * Writes `draft` in the place of a refused entry, which is dealt with from then on.
 *
 * @returns the error that says why not, when the entry is none that waits for somebody; nothing was written then.
 */
export async function replaceEntry(
  tx: Transaction,
  { before, lastSeq, old, draft, mayRunTwice, changes }: Replacing,
): Promise<(OwnCommit & { entries: LogEntry[] }) | Error> {
  const stored = await getEntry(tx, old.seq);
  const written = stored?.replacedBy === draft.key && (await readWritten(tx, before, [draft], lastSeq));
  if (stored && written) return { ...(await countChange(tx)), ...written, entries: [stored, ...written.entries] };
  if (stored?.key !== old.key || !needsAttention(stored)) return new DealtWithError(old.key, stored?.replacedBy);
  if (stored.receipt?.status === 'dead' && stored.closeReason === undefined && !mayRunTwice) {
    return new MayStillRunError(old.key);
  }
  const replaced = { ...stored, dismissed: true, replacedBy: draft.key };
  const [added, commit] = await Promise.all([
    add(tx, before, [{ ...draft, replaces: old.key }]),
    countChange(tx, changes),
    putEntries(tx, [replaced]),
  ]);
  return { ...commit, ...added, entries: [replaced, ...added.entries] };
}
