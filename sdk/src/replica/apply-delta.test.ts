import { beforeEach, describe, expect, test } from 'vitest';
import type { Change, Delta } from '../protocol/index.ts';
import type { ScopeSums } from '../store/meta.ts';
import { memoryStore } from '../store/memory/index.ts';
import type { Store } from '../store/store.ts';
import { applyDelta } from './apply-delta.ts';
import { isRow, Journal } from './journal.ts';
import { isGone } from './stored-row.ts';

let store: Store;
let sums: ScopeSums;
let journal: Journal;
/** Whether deltas go into the journal, whatever their size. */
let journaling: boolean;
beforeEach(async () => {
  store = await memoryStore()('rows');
  sums = {};
  journal = new Journal();
});

type Line = [scope: string, id: string, tag: number, row: Change['row']];

async function apply(lines: Line[], rest: Partial<Delta> = {}) {
  const changes = lines.map(([scope, id, tag, row]) => ({ scope, collection: 'c', id, version: 1, tag, row }));
  const delta: Delta = { changes, scopes: {}, reset: [], dropped: [], cursor: 'x', more: false, ...rest };
  const lie = { journal, state: journaling ? { bare: true } : undefined, indexesOf: () => [] };
  const applied = await store.transaction(['rows'], 'write', async (tx) => {
    const result = await applyDelta(tx, delta, sums, lie);
    await result.write(1);
    return result;
  });
  expect(applied.journaled !== undefined).toBe(journaling);
  journal.add(applied.journaled ?? []);
  sums = applied.scopes;
  const rows = applied.rows.map(({ collection, id, row }) => ({ collection, id, row }));
  return { ...applied, rows };
}

const inPlace = () => store.transaction(['rows'], 'read', async (tx) => (await tx.list('rows')).filter(isRow));
/** The rows as they stand, wherever they are. */
async function stored() {
  const rows = new Map((await inPlace()).map((row) => [row.id, row]));
  for (const placing of journal.placings()) {
    if (isGone(placing)) rows.delete(placing.id);
    else rows.set(placing.id, placing);
  }
  return [...rows.values()];
}
const head = (rows: number, sum: number, version = 1) => ({ version, rows, checksum: String(sum) });

describe.each([false, true])('with the journal: %s', (through) => {
  beforeEach(() => {
    journaling = through;
  });

  test('a row stands as long as a scope holds it', async () => {
    await apply([
      ['a', '1', 10, { v: 1 }],
      ['b', '1', 20, { v: 1 }],
    ]);
    expect((await apply([['a', '1', 0, null]])).rows).toEqual([{ collection: 'c', id: '1', row: { v: 1 } }]);
    expect((await apply([['b', '1', 0, null]])).rows).toEqual([{ collection: 'c', id: '1', row: null }]);
    expect(await stored()).toEqual([]);
  });

  test('a row that is hidden is not shown, but counted until its move arrives', async () => {
    await apply([['a', '1', 10, { v: 1 }]]);
    const hidden = await apply([['a', '1', 10, null]], { scopes: { a: head(1, 10) } });
    expect(hidden.rows).toEqual([{ collection: 'c', id: '1', row: null }]);
    expect(hidden.diverged).toEqual([]);
    const gone = await apply([['a', '1', 0, null]], { scopes: { a: head(0, 0) } });
    expect(gone.rows).toEqual([]);
    expect(gone.diverged).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  test('a row hidden in one scope is shown through another, and comes back when it is sent again', async () => {
    await apply([
      ['a', '1', 10, { v: 1 }],
      ['b', '1', 20, { v: 1 }],
    ]);
    expect((await apply([['a', '1', 10, null]])).rows).toEqual([{ collection: 'c', id: '1', row: { v: 1 } }]);
    expect((await apply([['b', '1', 0, null]])).rows).toEqual([{ collection: 'c', id: '1', row: null }]);
    expect((await apply([['a', '1', 11, { v: 2 }]])).rows).toEqual([{ collection: 'c', id: '1', row: { v: 2 } }]);
  });

  test('sums follow every change, and what differs is named', async () => {
    await apply([
      ['a', '1', 2 ** 32 - 1, { v: 1 }],
      ['a', '2', 2 ** 32 - 1, { v: 1 }],
    ]);
    expect(sums['a']).toMatchObject({ rows: 2, sum: 2 ** 33 - 2 });
    const { diverged } = await apply([['a', '1', 5, { v: 2 }]], { scopes: { a: head(2, 2 ** 32 + 4), b: head(1, 7) } });
    expect(diverged).toEqual(['b']);
  });

  test('nothing is compared before the last page', async () => {
    expect((await apply([], { scopes: { a: head(9, 9) }, more: true })).diverged).toEqual([]);
  });

  test('a reset forgets exactly its scopes, and rows sent again survive it', async () => {
    await apply([
      ['a', '1', 1, { v: 1 }],
      ['a', '2', 2, { v: 1 }],
      ['b', '2', 3, { v: 1 }],
    ]);
    const { rows, diverged } = await apply([['a', '3', 4, { v: 1 }]], {
      reset: ['a', 'unknown'],
      scopes: { a: head(1, 4), b: head(1, 3) },
    });
    expect(diverged).toEqual([]);
    expect(rows).toEqual([
      { collection: 'c', id: '1', row: null },
      { collection: 'c', id: '2', row: { v: 1 } },
      { collection: 'c', id: '3', row: { v: 1 } },
    ]);
    expect(await stored()).toMatchObject([
      { id: '2', scopes: { b: 3 } },
      { id: '3', scopes: { a: 4 } },
    ]);
  });

  test('scopes and rows may be called like parts of an object', async () => {
    await apply([['toString', '__proto__', 1, { v: 1 }]]);
    await apply([['constructor', 'x', 2, { v: 1 }]], { dropped: ['toString'] });
    expect(await stored()).toMatchObject([{ id: 'x' }]);
  });

  test('a reset over several pages shows what it has left over until the last, and counts only what is sent again', async () => {
    await apply([
      ['a', '1', 1, { v: 1 }],
      ['a', '2', 2, { v: 1 }],
      ['a', '3', 3, { v: 1 }],
      ['b', '3', 4, { v: 1 }],
    ]);
    const first = await apply([['a', '1', 5, { v: 2 }]], { reset: ['a'], scopes: { a: { version: 9 } }, more: true });
    expect(first.rows).toEqual([
      { collection: 'c', id: '1', row: { v: 2 } },
      { collection: 'c', id: '2', row: { v: 1 } },
      { collection: 'c', id: '3', row: { v: 1 } },
    ]);
    expect(sums['a']).toMatchObject({ rows: 1, sum: 5 });
    const last = await apply([['a', '4', 6, { v: 2 }]], { scopes: { a: head(2, 11), b: head(1, 4) } });
    expect(last.diverged).toEqual([]);
    expect(last.rows).toEqual([
      { collection: 'c', id: '2', row: null },
      { collection: 'c', id: '3', row: { v: 1 } },
      { collection: 'c', id: '4', row: { v: 2 } },
    ]);
    expect(await stored()).toEqual([
      { collection: 'c', id: '1', row: { v: 2 }, scopes: { a: 5 } },
      { collection: 'c', id: '3', row: { v: 1 }, scopes: { b: 4 } },
      { collection: 'c', id: '4', row: { v: 2 }, scopes: { a: 6 } },
    ]);
    expect(sums['a']).toEqual({ rows: 2, sum: 11, version: 1 });
  });

  test('a second reset in the middle of the first one leaves over what the first had brought', async () => {
    await apply([
      ['a', '1', 1, { v: 1 }],
      ['a', '2', 2, { v: 1 }],
    ]);
    await apply([['a', '1', 5, { v: 2 }]], { reset: ['a'], more: true });
    const again = await apply([['a', '3', 7, { v: 3 }]], { reset: ['a'], more: true });
    expect(again.rows.filter(({ row }) => row)).toHaveLength(3);
    expect(sums['a']).toMatchObject({ rows: 1, sum: 7 });
    const last = await apply([['a', '2', 8, { v: 3 }]], { scopes: { a: head(2, 15) } });
    expect(last.diverged).toEqual([]);
    expect(await stored()).toMatchObject([
      { id: '2', row: { v: 3 } },
      { id: '3', row: { v: 3 } },
    ]);
  });

  test('what a scope hid or no longer may be read is not left over', async () => {
    await apply([
      ['a', '1', 1, { v: 1 }],
      ['a', '2', 2, { v: 1 }],
    ]);
    await apply([['a', '1', 1, null]]);
    await apply([], { reset: ['a'], more: true });
    expect(await stored()).toMatchObject([{ id: '2', row: { v: 1 }, left: ['a'] }]);
    expect((await apply([], { dropped: ['a'], more: true })).rows).toEqual([{ collection: 'c', id: '2', row: null }]);
    expect(await stored()).toEqual([]);
  });
});
