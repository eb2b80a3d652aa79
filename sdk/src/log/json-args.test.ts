import { expect, test } from 'vitest';
import { cloneJson } from './json-args.ts';

test('gives what crosses the wire', () => {
  const args = { text: 'नमस्ते 🙏', n: [1, -0, 1.5e300], no: undefined, nothing: null, deep: { yes: true } };
  expect(cloneJson(args)).toEqual({ json: JSON.parse(JSON.stringify(args)) as unknown });
});

test('keeps no tie to what was given', () => {
  const args = { list: [1] };
  const cloned = cloneJson(args);
  args.list.push(2);
  expect(cloned).toEqual({ json: { list: [1] } });
});

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;
cycle['other'] = cycle;

test.for<[string, unknown, PropertyKey[]]>([
  ['NaN', { n: NaN }, ['n']],
  ['Infinity', [Infinity], [0]],
  ['a NUL character', { a: { b: 'x\0' } }, ['a', 'b']],
  ['a lone surrogate', { a: '\ud800' }, ['a']],
  ['a NUL character in a name', { 'a\0': 1 }, ['a\0']],
  ['a bigint', { a: 1n }, ['a']],
  ['a function', { a: () => 1 }, ['a']],
  ['a symbol', { a: Symbol('s') }, ['a']],
  ['a Date', { at: new Date(0) }, ['at']],
  ['a Map', { a: new Map() }, ['a']],
  ['something with toJSON', { a: { toJSON: () => 1 } }, ['a']],
  ['a hole in an array', { a: [1, undefined] }, ['a', 1]],
  ['nothing at all', undefined, []],
  ['more than a request can hold', { a: 'x'.repeat(300_000) }, []],
])('refuses %s and says where', ([, args, path]) => {
  expect(cloneJson(args)).toMatchObject({ issues: [{ path }] });
});

test('a cycle ends in a refusal, soon', () => {
  expect(cloneJson(cycle)).toMatchObject({ issues: [{ message: 'nested more than 56 deep' }] });
});
