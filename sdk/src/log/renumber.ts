import type { Identity, Progress } from '../store/meta.ts';
import type { Transaction } from '../store/store.ts';
import { isPending, type LogEntry } from './entry.ts';
import { listEntries, putEntries } from './stored-entries.ts';

/** A log whose numbering was mended; to be written to `meta` by the caller. */
export interface Renumbered {
  readonly identity: Identity;
  readonly progress: Progress;
  readonly entries: readonly LogEntry[];
}

type Numbering = Pick<Renumbered, 'identity' | 'progress'>;

/**
 * Two devices share this client id: takes another one. Mutations without an outcome are numbered from 1, in their
 * order and under their old keys; those with an outcome stay for display, outside of the numbering.
 */
export async function leaveClientId(tx: Transaction, old: Numbering, clientId: string): Promise<Renumbered> {
  let lastId = 0;
  const entries = (await listEntries(tx))
    .filter(({ former }) => !former)
    .map((entry): LogEntry => (isPending(entry) ? { ...entry, id: (lastId += 1) } : { ...entry, former: true }));
  return write(tx, {
    identity: { ...old.identity, clientId, lastId },
    progress: { ...old.progress, covered: 0, head: headOf(entries, old.identity) },
    entries,
  });
}

/**
 * The server has lost everything from mutation `expected` on (a restored backup): what the log has of it is sent again,
 * each with its former outcome. When the log does not reach back that far, a new client id is taken and the whole log
 * is sent under it: what the server still has, it recognises by the keys.
 */
export async function fillGap(
  tx: Transaction,
  old: Numbering,
  expected: number,
  newClientId: () => string,
): Promise<Renumbered> {
  const all = await listEntries(tx);
  const lost = all.filter(({ former, id }) => !former && id >= expected);
  if (lost.length === old.identity.lastId - expected + 1) {
    const entries = lost.map(sendAgain);
    const progress = { ...old.progress, covered: Math.min(old.progress.covered, expected - 1) };
    return write(tx, {
      identity: old.identity,
      progress: { ...progress, head: headOf(entries, old.identity) },
      entries,
    });
  }
  const entries = all.map((entry, at) => ({ ...sendAgain(entry), id: at + 1 }));
  return write(tx, {
    identity: { ...old.identity, clientId: newClientId(), lastId: entries.length },
    // The server has the effects of those before the gap: the overlay need not show them again.
    progress: { ...old.progress, covered: all.length - lost.length, head: headOf(entries, old.identity) },
    entries,
  });
}

function sendAgain({ former: _former, ...entry }: LogEntry): LogEntry {
  return entry.receipt ? { ...entry, again: true } : entry;
}

function headOf(entries: readonly LogEntry[], { lastSeq }: Identity): number {
  return entries.find(isPending)?.seq ?? lastSeq + 1;
}

async function write(tx: Transaction, renumbered: Renumbered): Promise<Renumbered> {
  await putEntries(tx, renumbered.entries);
  return renumbered;
}
