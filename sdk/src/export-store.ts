import { type Actor, storeNameOf } from './client-options.ts';
import { isEntry, isPending, type LogEntry } from './log/entry.ts';
import type { Identity } from './store/meta.ts';
import type { Store, StoreFactory, Transaction } from './store/store.ts';

/** What could be read of a store: plain data, to be saved as a file. */
export interface StoreExport {
  readonly format: 'ekbaar-export-1';
  readonly actor: Actor;
  /** The install's name to the server; null: not readable. */
  readonly clientId: string | null;
  /** Mutations without an outcome: what the server may not have, each with the key under which it may be done again. */
  readonly unsent: readonly LogEntry[];
  /** Those with an outcome that is still kept. */
  readonly settled: readonly LogEntry[];
  /** How many places of the log could not be read. */
  readonly unreadable: number;
}

/** After this many places without an entry, the end of a log whose length is not known. */
const longestGap = 1000;

/**
 * Reads the mutation log of a store that may be broken, entry by entry where it must be, and changes nothing. Close its
 * client first.
 *
 * @throws whatever the store throws when it cannot even be opened.
 */
export async function exportStore(options: {
  readonly actor: Actor;
  /** The same as for `createClient`. */
  readonly store: StoreFactory;
}): Promise<StoreExport> {
  const store = await options.store(storeNameOf(options.actor));
  try {
    const identity = await attempt<Partial<Identity>>(store, 'meta', (tx) => tx.get('meta', 'identity'));
    const { entries, unreadable } = await readEntries(store, identity?.lastSeq);
    return {
      format: 'ekbaar-export-1',
      actor: options.actor,
      clientId: identity?.clientId ?? null,
      unsent: entries.filter(isPending),
      settled: entries.filter((entry) => !isPending(entry)),
      unreadable,
    };
  } finally {
    await store.close();
  }
}

async function readEntries(store: Store, lastSeq?: number): Promise<{ entries: LogEntry[]; unreadable: number }> {
  const all = await attempt<LogEntry[]>(store, 'log', (tx) => tx.list('log'));
  if (all?.every(isEntry)) return { entries: all, unreadable: 0 };
  const entries: LogEntry[] = [];
  let unreadable = 0;
  let last = 0;
  for (let seq = 1; seq <= (lastSeq ?? last + longestGap); seq += 1) {
    // What is no longer kept is not there; what fails or is no entry is.
    const entry = await attempt<LogEntry>(store, 'log', async (tx) => (await tx.get('log', seq)) ?? nothing);
    if (entry === nothing) continue;
    last = seq;
    if (entry && isEntry(entry)) entries.push(entry);
    else unreadable += 1;
  }
  return { entries, unreadable };
}

const nothing = {} as LogEntry;

async function attempt<T>(
  store: Store,
  table: 'log' | 'meta',
  read: (tx: Transaction) => Promise<unknown>,
): Promise<T | undefined> {
  try {
    return (await store.transaction([table], 'read', read)) as T | undefined;
  } catch {
    return undefined;
  }
}
