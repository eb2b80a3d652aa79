import { expect, test } from 'vitest';
import { type Plan, planOf } from './plan.ts';
import type { PlainQuery } from './query.ts';

const indexing = { key: 'id', indexes: ['status', 'due', 'n'] };
const range = (field: string, rest: object = {}) => ({ index: ['c', field], ...rest });

test.for<[string, PlainQuery, object]>([
  ['a key', { where: { id: 'a', status: 'open' } }, { kind: 'keys', ids: ['a'] }],
  ['several keys', { where: { id: { in: ['a', 'b'] } } }, { kind: 'keys', ids: ['a', 'b'] }],
  [
    'a value, before a range',
    { where: { due: { gte: '2026' }, status: 'open' }, orderBy: 'due', limit: 5 },
    { kind: 'ranges', ranges: [range('status', { from: 'open', to: 'open' })] },
  ],
  [
    'several values, each once',
    { where: { n: { in: [1, 2, 1] } } },
    { kind: 'ranges', ranges: [range('n', { from: 1, to: 1 }), range('n', { from: 2, to: 2 })] },
  ],
  [
    'a range, of one type only',
    { where: { due: { lt: '2026' } } },
    { kind: 'ranges', ranges: [range('due', { from: '', to: '2026' })] },
  ],
  ['bounds the wrong way round', { where: { n: { gt: 5, lt: 1 } } }, { kind: 'ranges', ranges: [] }],
  [
    'one end of an order',
    { orderBy: '-due', limit: 3 },
    { kind: 'window', range: range('due', { desc: true }), limit: 3 },
  ],
  [
    'one end of a range in its own order',
    { where: { n: { gte: 1 } }, orderBy: ['n', 'id'], limit: 3 },
    { kind: 'window', range: range('n', { from: 1, to: Number.MAX_VALUE, desc: false }), limit: 3 },
  ],
  ['an order without a limit', { orderBy: 'due' }, { kind: 'collection' }],
  ['an order whose rows another field chooses', { where: { x: 1 }, orderBy: 'due', limit: 3 }, { kind: 'collection' }],
  ['a field without an index', { where: { x: 1 } }, { kind: 'collection' }],
  ['a condition that asks nothing', { where: { status: undefined } }, { kind: 'collection' }],
])('%s', ([, query, plan]) => {
  expect(planOf('c', indexing, query)).toEqual(plan satisfies object as Plan);
});
