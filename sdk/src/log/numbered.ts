import { type Identity, putMeta } from '../store/meta.ts';
import type { Transaction } from '../store/store.ts';
import type { LogEntry } from './entry.ts';
import { listEntries, putEntries } from './stored-entries.ts';

/** A mutation before it has its place in the log. One that was made on another device may have been sent there. */
export type Draft = Pick<
  LogEntry,
  'key' | 'name' | 'args' | 'at' | 'model' | 'replaces' | 'sent' | 'receipt' | 'again'
>;

/** Entries that have their places in the log, and the identity that has given them. */
export interface Numbered {
  readonly identity: Identity;
  readonly entries: LogEntry[];
}

/** What an earlier run has written of these drafts: a store that does not know how its commit ended runs a body again. */
export async function readWritten(
  tx: Transaction,
  identity: Identity,
  drafts: readonly Draft[],
  lastSeq: number,
): Promise<{ identity: Identity; entries: LogEntry[] } | undefined> {
  const keys = new Set(drafts.map(({ key }) => key));
  const since = await listEntries(tx, lastSeq + 1);
  const entries = since.filter(({ key }) => keys.has(key));
  return entries.length === drafts.length ? { identity, entries } : undefined;
}

/** Writes drafts as the next entries of the log. */
export async function add(tx: Transaction, before: Identity, drafts: readonly Draft[]): Promise<Numbered> {
  const { identity, entries } = numbered(before, drafts);
  await Promise.all([putMeta(tx, 'identity', identity), putEntries(tx, entries)]);
  return { identity, entries };
}

/** What drafts will be once they are written, if nobody writes before. */
export function numbered({ lastId, lastSeq, ...rest }: Identity, drafts: readonly Draft[]): Numbered {
  const entries = drafts.map((draft, at) => ({ ...draft, seq: lastSeq + at + 1, id: lastId + at + 1 }));
  return { identity: { ...rest, lastId: lastId + drafts.length, lastSeq: lastSeq + drafts.length }, entries };
}

/** Whether they are the next ones of a log that stands there. */
export function follows({ identity, entries }: Numbered, { clientId, lastId, lastSeq }: Identity): boolean {
  const [first] = entries;
  return identity.clientId === clientId && first?.id === lastId + 1 && first.seq === lastSeq + 1;
}
