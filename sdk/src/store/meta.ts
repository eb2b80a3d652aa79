import type { Transaction } from './store.ts';

/** Who this install is to the server, and the last numbers it gave away. */
export interface Identity {
  readonly clientId: string;
  /** Highest mutation id given under this client id; 0 at first. */
  readonly lastId: number;
  /** Highest key used in the log; never given twice. */
  readonly lastSeq: number;
}

/** How far sync has come. */
export interface Progress {
  readonly cursor: string | null;
  /** Mutation ids up to this one are in the base rows. */
  readonly covered: number;
  /** Log entries before this `seq` need not be sent (any more). */
  readonly head: number;
  /** When the replica was last complete (ISO 8601). */
  readonly lastSyncedAt: string | null;
  /** Grows with each change that other tabs must hear of. */
  readonly revision: number;
}

/** What is held of one scope. */
export interface ScopeSum {
  readonly rows: number;
  /** Of the rows' tags; exact up to two million rows (2⁵³). */
  readonly sum: number;
  /** The scope's version when the replica was last complete; pokes up to it are no news. */
  readonly version: number;
}

export type ScopeSums = Readonly<Record<string, ScopeSum>>;

interface MetaValues {
  identity: Identity;
  progress: Progress;
  scopes: ScopeSums;
}

const defaults = {
  progress: { cursor: null, covered: 0, head: 1, lastSyncedAt: null, revision: 0 },
  scopes: {},
} satisfies Partial<MetaValues>;

/** The install's identity; `fresh` is asked for a client id when there is none yet. */
export async function readIdentity(tx: Transaction, fresh: () => string): Promise<Identity> {
  const stored = (await tx.get('meta', 'identity')) as Identity | undefined;
  if (stored) return stored;
  const identity = { clientId: fresh(), lastId: 0, lastSeq: 0 };
  await tx.put('meta', 'identity', identity);
  return identity;
}

/** The install's identity, in a store that has been opened before. */
export async function getIdentity(tx: Transaction): Promise<Identity> {
  return (await tx.get('meta', 'identity')) as Identity;
}

export async function getProgress(tx: Transaction): Promise<Progress> {
  return ((await tx.get('meta', 'progress')) as Progress | undefined) ?? defaults.progress;
}

export async function getScopes(tx: Transaction): Promise<ScopeSums> {
  return ((await tx.get('meta', 'scopes')) as ScopeSums | undefined) ?? defaults.scopes;
}

export async function putMeta<K extends keyof MetaValues>(
  tx: Transaction,
  key: K,
  value: MetaValues[K],
): Promise<void> {
  await tx.put('meta', key, value);
}
