import type { RowChange } from '../commit.ts';
import type { Change, Delta } from '../protocol/index.ts';
import type { ScopeSum, ScopeSums } from '../store/meta.ts';
import type { Transaction } from '../store/store.ts';
import type { StoredRow } from './stored-row.ts';

/** What a delta did to the rows on disk. */
export interface AppliedDelta {
  readonly rows: readonly RowChange[];
  readonly scopes: ScopeSums;
  /** Scopes whose rows do not add up to the server's count and checksum. */
  readonly diverged: readonly string[];
}

/** A row being worked on: as it was, and as it will be. */
interface Draft {
  readonly before: StoredRow | undefined;
  row: StoredRow['row'];
  readonly scopes: Map<string, number>;
  readonly hidden: Set<string>;
  readonly left: Set<string>;
}

/**
 * Writes a delta's rows and gives the new sums of each scope, within the caller's transaction.
 * A row stands as long as a scope holds it. A scope that is reset may take many pages, over days of bad line: until the
 * last one, the rows it held are left over, shown but not counted.
 */
export async function applyDelta(tx: Transaction, delta: Delta, known: ScopeSums): Promise<AppliedDelta> {
  const sums: Sums = new Map(Object.entries(known).map(([scope, sum]) => [scope, { ...sum }]));
  const drafts = new Map<string, Draft>();
  const keyOf = (collection: string, id: string) => JSON.stringify([collection, id]);
  const draft = (before: StoredRow | undefined): Draft => ({
    before,
    row: before?.row ?? null,
    scopes: new Map(Object.entries(before?.scopes ?? {})),
    hidden: new Set(before?.hidden),
    left: new Set(before?.left),
  });

  // Only a scope that is held can have rows to forget: a first sync reads nothing here.
  const reset = delta.reset.filter((scope) => sums.has(scope));
  const dropped = delta.dropped.filter((scope) => sums.has(scope));
  for (const scope of reset) sums.set(scope, { ...nothing, resetting: true });
  for (const scope of dropped) sums.delete(scope);
  const over = delta.more ? [] : [...sums.keys()].filter((scope) => sums.get(scope)?.resetting);
  if (reset.length + dropped.length + over.length > 0) {
    for (const stored of (await tx.list('rows')) as StoredRow[]) {
      const left = (scope: string) => stored.left?.includes(scope) === true;
      const held = (scope: string) => left(scope) || Object.hasOwn(stored.scopes, scope);
      if (!over.some(left) && !reset.some(held) && !dropped.some(held)) continue;
      const forgetting = draft(stored);
      for (const scope of reset) {
        // What the scope did not show is not to be seen through it now.
        if (forgetting.scopes.delete(scope) && !forgetting.hidden.delete(scope)) forgetting.left.add(scope);
      }
      for (const scope of dropped) {
        forgetting.scopes.delete(scope);
        forgetting.hidden.delete(scope);
        forgetting.left.delete(scope);
      }
      drafts.set(keyOf(stored.collection, stored.id), forgetting);
    }
  }

  const wanted = new Map(delta.changes.map(({ collection, id }) => [keyOf(collection, id), { collection, id }]));
  await Promise.all(
    [...wanted].map(async ([key, { collection, id }]) => {
      if (drafts.has(key)) return;
      drafts.set(key, draft((await tx.get('rows', [collection, id])) as StoredRow | undefined));
    }),
  );
  for (const change of delta.changes) {
    const changing = drafts.get(keyOf(change.collection, change.id));
    if (changing) applyChange(changing, change, sums);
  }

  // With the last page, what was not sent again is gone.
  for (const scope of over) {
    for (const { left } of drafts.values()) left.delete(scope);
    const { resetting: _resetting, ...sum } = sums.get(scope) ?? nothing;
    sums.set(scope, sum);
  }

  const rows: RowChange[] = [];
  const writes = [...drafts].map(async ([key, changed]) => {
    const [collection, id] = JSON.parse(key) as [string, string];
    const shown = changed.left.size > 0 || [...changed.scopes.keys()].some((scope) => !changed.hidden.has(scope));
    const row = shown ? changed.row : null;
    if (row || changed.before?.row) rows.push({ collection, id, row: row ?? undefined });
    if (changed.scopes.size + changed.left.size === 0) {
      if (changed.before) await tx.delete('rows', [collection, id]);
      return;
    }
    const stored: StoredRow = {
      collection,
      id,
      row,
      scopes: Object.fromEntries(changed.scopes),
      ...(changed.hidden.size > 0 && { hidden: [...changed.hidden] }),
      ...(changed.left.size > 0 && { left: [...changed.left] }),
    };
    await tx.put('rows', [collection, id], stored);
  });
  await Promise.all(writes);

  for (const [scope, { version }] of Object.entries(delta.scopes)) {
    const sum = sums.get(scope) ?? { ...nothing };
    sums.set(scope, delta.more ? sum : { ...sum, version });
  }
  return { rows, scopes: Object.fromEntries(sums), diverged: delta.more ? [] : differing(delta, sums) };
}

/** As in the store, to be counted on. */
type Sums = Map<string, { -readonly [Field in keyof ScopeSum]: ScopeSum[Field] }>;

const nothing: ScopeSum = { rows: 0, sum: 0, version: 0 };

function applyChange(changing: Draft, { scope, tag, row }: Change, sums: Sums): void {
  const sum = sums.get(scope) ?? { ...nothing };
  sums.set(scope, sum);
  changing.left.delete(scope);
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
  if (!row && tag !== 0) changing.hidden.add(scope);
  else changing.hidden.delete(scope);
}

function differing(delta: Delta, sums: Sums): string[] {
  return Object.entries(delta.scopes)
    .filter(([scope, { rows, checksum }]) => {
      const held = sums.get(scope) ?? nothing;
      return (rows !== undefined && rows !== held.rows) || (checksum !== undefined && checksum !== String(held.sum));
    })
    .map(([scope]) => scope);
}
