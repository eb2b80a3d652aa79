import type { RowChange } from '../commit.ts';
import type { Change, Delta } from '../protocol/index.ts';
import type { Progress, ScopeSum, ScopeSums } from '../store/meta.ts';
import type { Transaction } from '../store/store.ts';
import { appendSegment, isRow, type Journal, type Placing, placeAll } from './journal.ts';
import type { IndexesOf, StoredRow } from './stored-row.ts';

/** What a delta did to the rows on disk. */
export interface AppliedDelta {
  readonly rows: readonly RowChange[];
  readonly scopes: ScopeSums;
  /** Scopes whose rows do not add up to the server's count and checksum. */
  readonly diverged: readonly string[];
  /** The rows when they went into the journal. */
  readonly journaled: readonly Placing[] | undefined;
}

/** How the rows lie on the device, and how they are to be written. */
export interface Rows {
  readonly journal: Journal;
  /** The journal as the progress has it. */
  readonly state: Progress['journal'];
  readonly indexesOf: IndexesOf;
  /** Told how rows will stand while the disk is still to be asked, if that does not depend on what it has. */
  readonly foresee?: ((rows: readonly RowChange[]) => void) | undefined;
}

/** From this many rows of a collection on, it may pay to read all of it. */
const manyRows = 64;
/** From this many rows on, a delta is written as one segment of the journal. */
const largeDelta = 64;

type RowName = Pick<StoredRow, 'collection' | 'id'>;

/** A row being worked on: as it was, and as it will be. */
interface Draft extends RowName {
  readonly before: StoredRow | undefined;
  row: StoredRow['row'];
  readonly scopes: Map<string, number>;
  /** Made when the first one comes: a first sync has thousands of rows and none of these. */
  hidden: Set<string> | undefined;
  left: Set<string> | undefined;
}

/**
 * Works out a delta's rows and the new sums of each scope, within the caller's transaction; nothing is written before
 * `write` is called. A row stands as long as a scope holds it. A scope that is reset may take many pages, over days of
 * bad line: until the last one, the rows it held are left over, shown but not counted.
 */
export async function applyDelta(
  tx: Transaction,
  delta: Delta,
  known: ScopeSums,
  { journal, state, indexesOf, foresee }: Rows,
): Promise<AppliedDelta & { write(revision: number): Promise<void> }> {
  const sums: Sums = new Map(Object.entries(known).map(([scope, sum]) => [scope, { ...sum }]));
  const drafts = new Map<string, Draft>();
  const draft = ({ collection, id }: RowName, before: StoredRow | undefined): Draft => ({
    collection,
    id,
    before,
    row: before?.row ?? null,
    scopes: new Map(before && Object.entries(before.scopes)),
    hidden: before?.hidden && new Set(before.hidden),
    left: before?.left && new Set(before.left),
  });

  // Only a scope that is held can have rows to forget: a first sync reads nothing here.
  const reset = delta.reset.filter((scope) => sums.has(scope));
  const dropped = delta.dropped.filter((scope) => sums.has(scope));
  for (const scope of reset) sums.set(scope, { ...nothing, resetting: true });
  for (const scope of dropped) sums.delete(scope);
  const over = delta.more ? [] : [...sums.keys()].filter((scope) => sums.get(scope)?.resetting);
  const forgets = reset.length + dropped.length + over.length > 0;
  if (forgets) {
    for (const stored of await readAllRows(tx, journal)) {
      const left = (scope: string) => stored.left?.includes(scope) === true;
      const held = (scope: string) => left(scope) || Object.hasOwn(stored.scopes, scope);
      if (!over.some(left) && !reset.some(held) && !dropped.some(held)) continue;
      const forgetting = draft(stored, stored);
      for (const scope of reset) {
        // What the scope did not show is not to be seen through it now.
        const wasShown = forgetting.scopes.delete(scope) && !forgetting.hidden?.delete(scope);
        if (wasShown) (forgetting.left ??= new Set()).add(scope);
      }
      for (const scope of dropped) {
        forgetting.scopes.delete(scope);
        forgetting.hidden?.delete(scope);
        forgetting.left?.delete(scope);
      }
      drafts.set(keyOf(stored), forgetting);
    }
  }

  // Rows that a reset has left over are in no count.
  const sum = Object.values(known).reduce((rows, scope) => rows + (scope.resetting ? Infinity : scope.rows), 0);
  const most = state?.bare === true ? 0 : sum;
  if (most > 0 && !forgets) foresee?.(asSent(delta));
  const held = await readHeld(tx, delta.changes, drafts, journal, most);
  const before = new Map(held.map((stored) => [keyOf(stored), stored]));
  for (const change of delta.changes) {
    const key = keyOf(change);
    let changing = drafts.get(key);
    if (!changing) drafts.set(key, (changing = draft(change, before.get(key))));
    applyChange(changing, change, sums);
  }

  // With the last page, what was not sent again is gone.
  for (const scope of over) {
    for (const { left } of drafts.values()) left?.delete(scope);
    const { resetting: _resetting, ...sum } = sums.get(scope) ?? nothing;
    sums.set(scope, sum);
  }
  for (const [scope, { version }] of Object.entries(delta.scopes)) {
    const sum = sums.get(scope) ?? { ...nothing };
    sums.set(scope, delta.more ? sum : { ...sum, version });
  }
  const rows: RowChange[] = [];
  const placings: Placing[] = [];
  for (const drafted of drafts.values()) {
    const { collection, id, before } = drafted;
    const row = shownOf(drafted);
    if (row || before?.row) rows.push({ collection, id, row: row ?? undefined });
    const stored = storedOf(drafted, row);
    if (stored || before) placings.push([collection, id, stored]);
  }
  // What is in the journal comes before what is in its place: as long as there is one, everything new goes there.
  const large = state !== undefined || placings.length >= largeDelta;
  return {
    rows,
    scopes: Object.fromEntries(sums),
    diverged: delta.more ? [] : differing(delta, sums),
    journaled: large ? placings : undefined,
    write: (revision) => (large ? appendSegment(tx, revision, placings) : placeAll(tx, placings, indexesOf)),
  };
}

/** Collection names have no slash. */
function keyOf({ collection, id }: RowName): string {
  return `${collection}/${id}`;
}

/** How a delta's rows will stand whatever was there before: each is sent whole. None when it takes some away. */
function asSent({ changes }: Delta): RowChange[] {
  const rows = new Map<string, RowChange>();
  for (const change of changes) {
    const { collection, id, row } = change;
    if (!row) return [];
    rows.set(keyOf(change), { collection, id, row });
  }
  return [...rows.values()];
}

/**
 * What the device has of the rows that change.
 *
 * @param known rows that were read already
 * @param most rows that may lie in their places, and not in the journal
 */
async function readHeld(
  tx: Transaction,
  changes: readonly Change[],
  known: ReadonlyMap<string, unknown>,
  journal: Journal,
  most: number,
): Promise<StoredRow[]> {
  const idsOf = new Map<string, Set<string>>();
  const held: StoredRow[] = [];
  for (const change of changes) {
    if (known.has(keyOf(change))) continue;
    const { collection, id } = change;
    const journaled = journal.get(collection, id);
    if (journaled) held.push(journaled);
    else if (journaled === undefined && most > 0) idsOf.set(collection, (idsOf.get(collection) ?? new Set()).add(id));
  }
  const read = [...idsOf].map(async ([collection, ids]) => {
    // One read of a small collection costs less than many of single rows.
    if (ids.size >= manyRows && most < ids.size * 4) {
      const all = (await tx.list('rows', { first: collection })) as StoredRow[];
      return all.filter(({ id }) => ids.has(id));
    }
    const rows = await Promise.all([...ids].map((id) => tx.get('rows', [collection, id])));
    return rows.filter((row) => row !== undefined) as StoredRow[];
  });
  return [...held, ...(await Promise.all(read)).flat()];
}

async function readAllRows(tx: Transaction, journal: Journal): Promise<StoredRow[]> {
  const inPlace = (await tx.list('rows')).filter(isRow);
  const rows = inPlace.filter(({ collection, id }) => journal.get(collection, id) === undefined);
  for (const [, , row] of journal.placings()) if (row) rows.push(row);
  return rows;
}

/** How a row is to stand from now on; null when nobody holds it. */
function storedOf({ collection, id, scopes, hidden, left }: Draft, row: StoredRow['row']): StoredRow | null {
  if (scopes.size === 0 && !left?.size) return null;
  return {
    collection,
    id,
    row,
    scopes: Object.fromEntries(scopes),
    ...(hidden?.size && { hidden: [...hidden] }),
    ...(left?.size && { left: [...left] }),
  };
}

/** As in the store, to be counted on. */
type Sums = Map<string, { -readonly [Field in keyof ScopeSum]: ScopeSum[Field] }>;

const nothing: ScopeSum = { rows: 0, sum: 0, version: 0 };

function applyChange(changing: Draft, { scope, tag, row }: Change, sums: Sums): void {
  const sum = sums.get(scope) ?? { ...nothing };
  sums.set(scope, sum);
  changing.left?.delete(scope);
  const held = changing.scopes.get(scope);
  if (held !== undefined) {
    sum.rows -= 1;
    sum.sum -= held;
  }
  if (row) changing.row = row;
  if (row || tag !== 0) {
    sum.rows += 1;
    sum.sum += tag;
    changing.scopes.set(scope, tag);
  } else {
    changing.scopes.delete(scope);
  }
  if (!row && tag !== 0) (changing.hidden ??= new Set()).add(scope);
  else changing.hidden?.delete(scope);
}

function shownOf({ row, scopes, hidden, left }: Draft): StoredRow['row'] {
  const shows = hidden?.size ? [...scopes.keys()].some((scope) => !hidden.has(scope)) : scopes.size > 0;
  return left?.size || shows ? row : null;
}

function differing(delta: Delta, sums: Sums): string[] {
  return Object.entries(delta.scopes)
    .filter(([scope, { rows, checksum }]) => {
      const held = sums.get(scope) ?? nothing;
      return (rows !== undefined && rows !== held.rows) || (checksum !== undefined && checksum !== String(held.sum));
    })
    .map(([scope]) => scope);
}
