import type { RowChange } from '../commit.ts';
import type { Change, Delta } from '../protocol/index.ts';
import type { Progress, ScopeSum, ScopeSums } from '../store/meta.ts';
import type { Transaction } from '../store/store.ts';
import { appendSegment, isRow, type Journal, placeAll } from './journal.ts';
import { type IndexesOf, isGone, type Placing, type StoredRow } from './stored-row.ts';

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
}

/** From this many rows of a collection on, it may pay to read all of it. */
const manyRows = 64;
/** From this many rows on, a delta is written as one segment of the journal. */
const largeDelta = 64;

type RowName = Pick<StoredRow, 'collection' | 'id'>;

/** A row being worked on. */
type Draft = { -readonly [Field in keyof Omit<StoredRow, 'scopes'>]: StoredRow[Field] } & {
  readonly scopes: Record<string, number>;
};

/**
 * Works out a delta's rows and the new sums of each scope, within the caller's transaction; nothing is written before
 * `write` is called. A row stands as long as a scope holds it. A scope that is reset may take many pages, over days of
 * bad line: until the last one, the rows it held are left over, shown but not counted.
 */
export async function applyDelta(
  tx: Transaction,
  delta: Delta,
  known: ScopeSums,
  { journal, state, indexesOf }: Rows,
): Promise<AppliedDelta & { write(revision: number): Promise<void> }> {
  const sums: Sums = new Map(Object.entries(known).map(([scope, sum]) => [scope, { ...sum }]));
  const drafts = new Map<string, Draft>();
  /** The rows as they were, if they were. */
  const held = new Map<string, StoredRow>();

  // Only a scope that is held can have rows to forget: a first sync reads nothing here.
  const reset = delta.reset.filter((scope) => sums.has(scope));
  const dropped = delta.dropped.filter((scope) => sums.has(scope));
  for (const scope of reset) sums.set(scope, { ...nothing, resetting: true });
  for (const scope of dropped) sums.delete(scope);
  const over = delta.more ? [] : [...sums.keys()].filter((scope) => sums.get(scope)?.resetting);
  if (reset.length + dropped.length + over.length > 0) {
    for (const stored of await readAllRows(tx, journal)) {
      const left = (scope: string) => stored.left?.includes(scope) === true;
      const holds = (scope: string) => left(scope) || Object.hasOwn(stored.scopes, scope);
      if (!over.some(left) && !reset.some(holds) && !dropped.some(holds)) continue;
      const key = keyOf(stored);
      const forgetting = draftOf(stored, stored);
      held.set(key, stored);
      drafts.set(key, forgetting);
      for (const scope of reset) {
        // What the scope did not show is not to be seen through it now.
        const wasShown = Object.hasOwn(forgetting.scopes, scope) && !forgetting.hidden?.includes(scope);
        leave(forgetting, scope);
        if (wasShown) forgetting.left = [...(forgetting.left ?? []), scope];
      }
      for (const scope of dropped) {
        leave(forgetting, scope);
        drop(forgetting, 'left', scope);
      }
    }
  }

  // Rows that a reset has left over are in no count.
  const sum = Object.values(known).reduce((rows, scope) => rows + (scope.resetting ? Infinity : scope.rows), 0);
  const most = state?.bare === true ? 0 : sum;
  if (most > 0) await readHeld(tx, delta.changes, held, journal, most);
  for (const change of delta.changes) {
    const key = keyOf(change);
    let changing = drafts.get(key);
    if (!changing) {
      const before = held.get(key) ?? journal.get(change.collection, change.id) ?? undefined;
      if (before) held.set(key, before);
      drafts.set(key, (changing = draftOf(change, before)));
    }
    applyChange(changing, change, sums);
  }

  // With the last page, what was not sent again is gone.
  for (const scope of over) {
    for (const draft of drafts.values()) drop(draft, 'left', scope);
    const { resetting: _resetting, ...sum } = sums.get(scope) ?? nothing;
    sums.set(scope, sum);
  }
  for (const [scope, { version }] of Object.entries(delta.scopes)) {
    const sum = sums.get(scope) ?? { ...nothing };
    sums.set(scope, delta.more ? sum : { ...sum, version });
  }
  const rows: RowChange[] = [];
  const placings: Placing[] = [];
  drafts.forEach((draft, key) => {
    const before = held.get(key);
    const { collection, id, left, hidden } = draft;
    const scopes = Object.keys(draft.scopes).length;
    if (!left && scopes === (hidden?.length ?? 0)) draft.row = null;
    const isHeld = left !== undefined || scopes > 0;
    const placing: Placing = isHeld ? draft : { collection, id, row: null };
    if (placing.row || before?.row) rows.push(placing);
    if (isHeld || before) placings.push(placing);
  });
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
export function keyOf({ collection, id }: RowName): string {
  return `${collection}/${id}`;
}

/**
 * Reads what the device has of the rows that change in their places.
 *
 * @param held rows that were read already; these are added
 * @param most rows that may lie there
 */
async function readHeld(
  tx: Transaction,
  changes: readonly Change[],
  held: Map<string, StoredRow>,
  journal: Journal,
  most: number,
): Promise<void> {
  const idsOf = new Map<string, Set<string>>();
  for (const change of changes) {
    const { collection, id } = change;
    if (held.has(keyOf(change)) || journal.get(collection, id) !== undefined) continue;
    idsOf.set(collection, (idsOf.get(collection) ?? new Set()).add(id));
  }
  const reads = [...idsOf].map(async ([collection, ids]) => {
    // One read of a small collection costs less than many of single rows.
    const all = ids.size >= manyRows && most < ids.size * 4;
    const rows = all
      ? tx.list('rows', { first: collection })
      : Promise.all([...ids].map((id) => tx.get('rows', [collection, id])));
    for (const row of (await rows) as (StoredRow | undefined)[]) if (row && ids.has(row.id)) held.set(keyOf(row), row);
  });
  await Promise.all(reads);
}

async function readAllRows(tx: Transaction, journal: Journal): Promise<StoredRow[]> {
  const inPlace = (await tx.list('rows')).filter(isRow);
  const rows = inPlace.filter(({ collection, id }) => journal.get(collection, id) === undefined);
  for (const placing of journal.placings()) if (!isGone(placing)) rows.push(placing);
  return rows;
}

function draftOf({ collection, id }: RowName, before: StoredRow | undefined): Draft {
  const draft: Draft = { collection, id, row: before?.row ?? null, scopes: { ...before?.scopes } };
  if (before?.hidden) draft.hidden = before.hidden;
  if (before?.left) draft.left = before.left;
  return draft;
}

/** As in the store, to be counted on. */
type Sums = Map<string, { -readonly [Field in keyof ScopeSum]: ScopeSum[Field] }>;

const nothing: ScopeSum = { rows: 0, sum: 0, version: 0 };

function applyChange(draft: Draft, { scope, tag, row }: Change, sums: Sums): void {
  let sum = sums.get(scope);
  if (!sum) sums.set(scope, (sum = { ...nothing }));
  drop(draft, 'left', scope);
  if (Object.hasOwn(draft.scopes, scope)) {
    sum.rows -= 1;
    sum.sum -= draft.scopes[scope] ?? 0;
  }
  if (row) draft.row = row;
  if (!row && tag === 0) return leave(draft, scope);
  sum.rows += 1;
  sum.sum += tag;
  draft.scopes[scope] = tag;
  drop(draft, 'hidden', scope);
  if (!row) draft.hidden = [...(draft.hidden ?? []), scope];
}

/** The scope holds it no more. */
function leave(draft: Draft, scope: string): void {
  delete draft.scopes[scope];
  drop(draft, 'hidden', scope);
}

function drop(draft: Draft, from: 'hidden' | 'left', scope: string): void {
  const rest = draft[from]?.filter((other) => other !== scope);
  if (rest?.length) draft[from] = rest;
  else if (rest) delete draft[from];
}

function differing(delta: Delta, sums: Sums): string[] {
  return Object.entries(delta.scopes)
    .filter(([scope, { rows, checksum }]) => {
      const held = sums.get(scope) ?? nothing;
      return (rows !== undefined && rows !== held.rows) || (checksum !== undefined && checksum !== String(held.sum));
    })
    .map(([scope]) => scope);
}
