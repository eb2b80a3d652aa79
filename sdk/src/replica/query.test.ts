import { expect, test } from 'vitest';
import { LiveAnswer } from './live-answer.ts';
import { compile, type PlainQuery } from './query.ts';

const rows = [
  { id: 'b', status: 'open', n: 10, due: null },
  { id: 'a', status: 'open', n: 9, due: '2026-02-01' },
  { id: 'd', status: 'done', n: 10, due: '2026-01-01' },
  { id: 'c', status: 'late', n: -1, due: '2026-03-01' },
];

test.for<[string, PlainQuery, string]>([
  ['everything, by key', {}, 'abcd'],
  ['a value', { where: { status: 'open' } }, 'ab'],
  ['null', { where: { due: null } }, 'b'],
  ['one of several', { where: { status: { in: ['done', 'late'] } } }, 'cd'],
  ['none of none', { where: { status: { in: [] } } }, ''],
  ['a range of numbers', { where: { n: { gte: 9, lt: 10 } } }, 'a'],
  ['a range of strings, which null is not in', { where: { due: { lte: '2026-02-01' } } }, 'ad'],
  ['several conditions', { where: { n: { gt: 0 }, status: 'open' } }, 'ab'],
  ['a condition that asks nothing', { where: { status: undefined, n: { gte: undefined } } }, 'abcd'],
  ['ascending, equals by key', { orderBy: 'n' }, 'cabd'],
  ['descending', { orderBy: '-n' }, 'bdac'],
  ['missing values first', { orderBy: 'due' }, 'bdac'],
  ['several orders', { orderBy: ['status', { field: 'n', desc: true }] }, 'dcba'],
  ['a limit, after the order', { orderBy: '-due', limit: 2 }, 'ca'],
])('%s', ([, query, expected]) => {
  const entries = rows.map((row) => [row.id, row] as const);
  const found = new LiveAnswer(compile(query), entries).rows;
  expect(found.map((row) => row['id']).join('')).toBe(expected);
});
