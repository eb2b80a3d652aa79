import * as z from 'zod/mini';
import { type Actor, storeNameOf } from '../client-options.ts';
import { isEntry, type LogEntry } from '../log/entry.ts';
import { defaultPlatform, type Platform } from '../platform.ts';
import type { Identity } from '../store/meta.ts';
import type { Store, StoreFactory, Transaction } from '../store/store.ts';
import { toEntry, unsentOf } from './export-unsent.ts';
import { UnsentEntry, type UnsentFile } from './unsent-file.ts';

/** What could be read of a store. */
export interface StoreExport {
  /** The text of a JSON file as `exportUnsent` writes it, for `importUnsent` to read. */
  readonly file: string;
  /** How many mutations of the log could not be read. */
  readonly unreadable: number;
}

/** After this many places without an entry, the end of a log whose length is not known. */
const longestGap = 1000;

/**
 * Reads everything that only this device has out of a store that `createClient` cannot open (StoreBrokenError), entry by
 * entry where it must be, and changes nothing. With `destroyStore` and `importUnsent` it is then in a new one.
 *
 * @throws whatever the store throws when it cannot even be opened.
 */
export async function exportStore(options: {
  readonly actor: Actor;
  /** The same as for `createClient`. */
  readonly store: StoreFactory;
  readonly platform?: Partial<Platform> | undefined;
}): Promise<StoreExport> {
  const { actor, store: open, platform } = options;
  const store = await open(storeNameOf(actor));
  try {
    const identity = await attempt<Partial<Identity>>(store, 'meta', (tx) => tx.get('meta', 'identity'));
    const { entries, unreadable } = await readEntries(store, identity?.lastSeq);
    const unsent = unsentOf(entries).map((entry) => toEntry(entry));
    const whole = unsent.filter((entry) => z.safeParse(UnsentEntry, entry).success);
    const file: UnsentFile = {
      format: 'ekbaar-unsent',
      version: 1,
      exportedAt: new Date({ ...defaultPlatform(), ...platform }.now()).toISOString(),
      clockErrorMs: null,
      tenant: actor.tenant,
      actor: actor.id,
      clientId: identity?.clientId ?? 'unreadable',
      model: identity?.model ?? Math.max(1, ...whole.map(({ model }) => model)),
      entries: whole,
    };
    return { file: `${JSON.stringify(file, null, 2)}\n`, unreadable: unreadable + unsent.length - whole.length };
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
