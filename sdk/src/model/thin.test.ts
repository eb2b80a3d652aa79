import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import { keepEvenly, mutation, type Unsent } from './index.ts';

const at = (second: number): Unsent => ({ at: new Date(second * 1000).toISOString(), args: {} });
const secondsOf = (all: readonly Unsent[]) => all.map((one) => Date.parse(one.at) / 1000);

/** What is left of pings made one after the other, thinned after each. */
function left(most: number, seconds: readonly number[]): number[] {
  const thin = keepEvenly(most);
  let unsent: readonly Unsent[] = [];
  for (const second of seconds) {
    unsent = [...unsent, at(second)];
    const dropped = new Set(thin(unsent));
    unsent = unsent.filter((one) => !dropped.has(one));
  }
  return secondsOf(unsent);
}
const count = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test('nothing goes before there are too many', () => {
  expect(keepEvenly(3)(count(0, 3).map(at))).toEqual([]);
});

test.for([2, 3, 10, 57, 100])('with at most %s, the first and the last stay, and the gaps are alike', (most) => {
  for (const all of [1000, 1234, 1999]) {
    const kept = left(most, count(0, all));
    expect(kept).toHaveLength(most);
    expect([kept[0], kept.at(-1)]).toEqual([0, all - 1]);
    const gaps = kept.slice(1).map((second, index) => second - (kept[index] ?? 0));
    // Twice what it would be if they were spread by hand, and the next sweep on its way.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(4 * (all / (most - 1)));
  }
});

test('a crowd in one minute goes before a lone one in an hour without any', () => {
  expect(left(4, [0, 3600, 7200, 7201, 7202, 7203])).toEqual([0, 3600, 7200, 7203]);
});

test('the same ones give the same answer, also all at once and with a clock that jumps back', () => {
  const jumpy = [0, 60, 120, -7200, -7140, 180, 240, 300].map(at);
  const thin = keepEvenly(4);
  expect(thin(jumpy)).toEqual(thin(jumpy));
  expect(thin(jumpy)).toHaveLength(4);
  expect(thin(jumpy)).not.toContain(jumpy[0]);
  expect(thin(jumpy)).not.toContain(jumpy.at(-1));
});

test.for([1, 0, 2.5, NaN])('keepEvenly refuses %s', (most) => {
  expect(() => keepEvenly(most)).toThrow(TypeError);
});

test('what keeps receipts cannot be thinned', () => {
  const args = z.object({});
  expect(() => mutation({ args, thin: keepEvenly(2) })).toThrow(/audit: false/);
  expect(() => mutation({ args, audit: true, thin: keepEvenly(2) })).toThrow(TypeError);
  expect(mutation({ args, audit: false, thin: keepEvenly(2) }).thin).toBeTypeOf('function');
});
