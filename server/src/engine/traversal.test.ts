import { describe, expect, test } from 'vitest';
import { historyOf, type Position } from './cursor.ts';
import type { Head } from './heads.ts';
import { endsOf, planDelta, type Source, startsOf } from './traversal.ts';

const history = historyOf('e1', 'pennco');
const headOf = (scope: string, version: number, over: Partial<Head> = {}): Head => ({
  ...{ scope, version, rows: 3, checksum: '9', floor: 0 },
  ...over,
});
const at = (version: number): Position => ({ version, line: null, began: version });
const within = (version: number, began: number): Position => ({ version, began, line: { collection: 'c', id: 'r' } });

function plan(
  heads: readonly Head[],
  scopes: Record<string, Position>,
  { source = 'primary', ...over }: { source?: Source; history?: string; diverged?: string[]; only?: string[] } = {},
) {
  const cursor = { history: over.history ?? history, scopes: new Map(Object.entries(scopes)) };
  const readable = heads.map(({ scope }) => scope).concat('new');
  return planDelta({ readable, only: over.only, cursor, diverged: over.diverged ?? [] }, history, heads, source);
}

describe('on the primary', () => {
  test('a scope that moved goes on where it was, one that did not is not read', () => {
    const planned = plan([headOf('a', 5), headOf('b', 5)], { a: at(3), b: at(5) });
    expect(planned).toMatchObject({ reset: [], dropped: [] });
    expect(planned?.wanted.map(({ scope }) => scope)).toEqual(['a']);
  });

  test.each<[string, Position, Partial<Head>, boolean]>([
    ['began at the floor', at(4), { floor: 4 }, false],
    ['began below it', at(3), { floor: 4 }, true],
    ['began above it, long ago', within(1, 4), { floor: 4 }, false],
    ['began below it, but has passed it', within(5, 2), { floor: 4 }, false],
    ['began below it, and stands inside of it', within(4, 2), { floor: 4 }, true],
    ['is ahead of a restored database', at(8), {}, true],
    ['began ahead of a restored database', within(2, 8), {}, true],
  ])('a cursor that %s', (_, position, over, isReset) => {
    expect(plan([headOf('a', 7, over)], { a: position })?.reset).toEqual(isReset ? ['a'] : []);
  });

  test('a scope that the database has never heard of is reset, one that the actor may not read is dropped', () => {
    expect(plan([headOf('a', 5)], { new: at(3), other: at(3) })).toMatchObject({ reset: ['new'], dropped: ['other'] });
  });
});

describe('on a replica', () => {
  const source = 'replica';

  test('a scope that it is behind in stays where it is, the others go on', () => {
    const planned = plan([headOf('a', 5), headOf('b', 5)], { a: at(6), b: at(4), new: at(2) }, { source });
    expect(planned).toMatchObject({ reset: [], dropped: [] });
    expect(planned?.wanted.map(({ scope }) => scope)).toEqual(['b']);
    const ends = endsOf([headOf('a', 5), headOf('b', 5)], planned ?? never(), undefined);
    expect(Object.fromEntries(ends)).toEqual({ a: at(6), b: at(5), new: at(2) });
  });

  test.each<[string, Parameters<typeof plan>[1], Omit<Parameters<typeof plan>[2] & object, 'source'>]>([
    ['a traversal that began ahead of it', { a: within(3, 6) }, {}],
    ['a traversal that has come past it', { a: within(6, 2) }, {}],
    ['a traversal of a scope it has never heard of', { new: within(1, 2) }, {}],
    ['another history', { a: at(3) }, { history: 'other' }],
    ['a scope that did not fit', { a: at(3) }, { diverged: ['a'] }],
    ['a cursor older than what is kept', { a: at(1) }, {}],
  ])('%s is the primary’s', (_, scopes, over) => {
    expect(plan([headOf('a', 5, { floor: 2 })], scopes, { ...over, source })).toBeUndefined();
  });
});

test('a page is read from no more scopes than fill it, which their counts promise', () => {
  const wanted = [headOf('a', 1, { rows: 2 }), headOf('b', 1, { rows: 2 }), headOf('c', 1), headOf('d', 1)];
  expect(startsOf({ wanted, from: new Map() }, 3).map(({ scope }) => scope)).toEqual(['a', 'b']);
  expect(startsOf({ wanted, from: new Map() }, 4).map(({ scope }) => scope)).toEqual(['a', 'b', 'c']);
  // What is left of a scope is not known.
  expect(startsOf({ wanted, from: new Map([['a', at(0)]]) }, 3).map(({ scope }) => scope)).toEqual(['a', 'b', 'c']);
});

function never(): never {
  throw new Error('there is a plan');
}
