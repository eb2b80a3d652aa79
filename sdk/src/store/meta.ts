import { StoreBrokenError, StoreTooNewError, WrongKeyError } from '../errors.ts';
import type { Transaction } from './store.ts';

/** Who this install is to the server, and the last numbers it gave away. */
export interface Identity {
  readonly clientId: string;
  /** Highest mutation id given under this client id; 0 at first. */
  readonly lastId: number;
  /** Highest key used in the log; never given twice. */
  readonly lastSeq: number;
  /** The store's own name: the first client id, also after it took another one. A new store has a new name. */
  readonly store?: string;
  /** The newest model that has written here. */
  readonly model?: number;
}

/** Which store a client has opened, and with which model. */
export interface Own {
  readonly model?: number | undefined;
  readonly store?: string | undefined;
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
  /** Grows by one with each transaction that changes anything here: whoever finds a step missing reads again. */
  readonly revision: number;
  /** True: the disk had no room for rows, and none are taken until there is; what is there is the log's. */
  readonly full?: boolean;
  /** How many rows the server has for this device, while not all of them are here. */
  readonly expected?: number;
  /** There: rows are safe in the journal, and not in their places yet. `bare`: none is in its place. */
  readonly journal?: { readonly bare: boolean };
}

/** What is held of one scope. */
export interface ScopeSum {
  readonly rows: number;
  /** Of the rows' tags; exact up to two million rows (2⁵³). */
  readonly sum: number;
  /** The scope's version when the replica was last complete; pokes up to it are no news. */
  readonly version: number;
  /** True: it is being sent whole again, and rows left over from before are still shown. */
  readonly resetting?: boolean;
  /** True: its rows were written for another model, and are wanted again. */
  readonly stale?: boolean;
}

export type ScopeSums = Readonly<Record<string, ScopeSum>>;

/** What the rows on disk were written for: by collection, the fields of a row, and those it is indexed by. */
export type Shapes = Readonly<
  Record<string, { readonly fields: readonly string[]; readonly indexes: readonly string[] }>
>;

interface MetaValues {
  /** Without an identity beside it: the store was emptied on purpose, and will be deleted. */
  signedOut: true;
  shapes: Shapes;
  identity: Identity;
  progress: Progress;
  scopes: ScopeSums;
}

/** Every name that is used in `meta`; the compiler sees to it that none is missing. */
export const metaNames = Object.keys({
  signedOut: true,
  shapes: true,
  identity: true,
  progress: true,
  scopes: true,
} satisfies Record<keyof MetaValues, true>);

/** Where sync stands before it has begun. */
export const noProgress: Progress = { cursor: null, covered: 0, head: 1, lastSyncedAt: null, revision: 0 };

/**
 * Has the install's identity be of `model` from now on; `fresh` is asked for a client id when there is none yet.
 *
 * @throws StoreTooNewError
 */
export async function takeUpIdentity(tx: Transaction, model: number, fresh: () => string): Promise<Identity> {
  const stored = await getIdentity(tx, { model });
  const known = stored ?? { clientId: fresh(), lastId: 0, lastSeq: 0 };
  const identity = { store: known.clientId, ...known, model };
  await tx.put('meta', 'identity', identity);
  return identity;
}

/** Whether an identity is as this model's app writes it. */
export function isOf(identity: Identity | undefined, model: number): identity is Identity {
  return identity?.model === model && identity.store !== undefined;
}

/**
 * The install's identity; none when the storage was cleared under the running client, also when another store is in
 * its place now.
 *
 * @param own who asks in order to write: an older app must not write among what a newer one has written, and nobody
 * into a store that is not the one they have in memory.
 * @throws StoreTooNewError, StoreBrokenError
 */
export async function getIdentity(tx: Transaction, own: Own = {}): Promise<Identity | undefined> {
  const { model = Infinity, store } = own;
  const identity = (await tx.get('meta', 'identity')) as Identity | undefined;
  if (identity && typeof identity.clientId !== 'string') {
    // Broken is what may be destroyed in the end: not what is whole, under a key that this app does not use.
    throw new ('sealed' in identity ? WrongKeyError : StoreBrokenError)('The data on this device');
  }
  if (identity?.model !== undefined && identity.model > model) {
    throw new StoreTooNewError(`The data on this device (model ${identity.model}; this app has ${model})`);
  }
  return store === undefined || store === identity?.store ? identity : undefined;
}

/** Whether the store is empty because the person was signed out. */
export async function wasSignedOut(tx: Transaction): Promise<boolean> {
  return (await tx.get('meta', 'signedOut')) !== undefined;
}

export async function getShapes(tx: Transaction): Promise<Shapes> {
  return ((await tx.get('meta', 'shapes')) as Shapes | undefined) ?? {};
}

export async function getProgress(tx: Transaction): Promise<Progress> {
  const progress = ((await tx.get('meta', 'progress')) as Progress | undefined) ?? noProgress;
  if (typeof progress.revision !== 'number') throw new StoreBrokenError('The data on this device');
  return progress;
}

/** Counts a change: part of every transaction that makes one and does not write the progress by itself. */
export async function countChange(
  tx: Transaction,
  changes: Partial<Progress> = {},
  known?: Progress,
): Promise<{ progress: Progress; follows: number }> {
  const before = known ?? (await getProgress(tx));
  const progress = { ...before, ...changes, revision: before.revision + 1 };
  await putMeta(tx, 'progress', progress);
  return { progress, follows: before.revision };
}

export async function getScopes(tx: Transaction): Promise<ScopeSums> {
  return ((await tx.get('meta', 'scopes')) as ScopeSums | undefined) ?? {};
}

/** Reads who the install is, as {@link getIdentity} says, where sync stands, and what is held of each scope. */
export async function readMeta(tx: Transaction, own?: Own) {
  const [identity, progress, scopes] = await Promise.all([getIdentity(tx, own), getProgress(tx), getScopes(tx)]);
  return { identity, progress, scopes };
}

export async function putMeta<K extends keyof MetaValues>(
  tx: Transaction,
  key: K,
  value: MetaValues[K],
): Promise<void> {
  await tx.put('meta', key, value);
}
