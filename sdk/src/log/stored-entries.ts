import type { Transaction } from '../store/store.ts';
import type { LogEntry } from './entry.ts';

/** Reads the entry in a place of the log; undefined: there is none. */
export function getEntry(tx: Transaction, seq: number): Promise<LogEntry | undefined> {
  return tx.get('log', seq) as Promise<LogEntry | undefined>;
}

/** Reads entries in the order they were made: all, or so many from a place on. */
export function listEntries(tx: Transaction, from?: number, limit?: number): Promise<LogEntry[]> {
  return tx.list('log', from === undefined ? {} : { from }, limit) as Promise<LogEntry[]>;
}

export async function putEntries(tx: Transaction, entries: readonly LogEntry[]): Promise<void> {
  await Promise.all(entries.map((entry) => tx.put('log', entry.seq, entry)));
}

/**
 * Puts others in the places of entries, as they are on disk now.
 *
 * @param change gives the new one; undefined: it stays.
 * @returns the new ones.
 */
export async function changeEntries<Place extends Pick<LogEntry, 'seq'>>(
  tx: Transaction,
  places: readonly Place[],
  change: (stored: LogEntry, place: Place) => LogEntry | undefined,
): Promise<LogEntry[]> {
  const changed = await Promise.all(
    places.map(async (place) => {
      const stored = await getEntry(tx, place.seq);
      return stored && change(stored, place);
    }),
  );
  const entries = changed.filter((entry) => entry !== undefined);
  await putEntries(tx, entries);
  return entries;
}
