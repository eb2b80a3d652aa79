import { v7, validate, version } from 'uuid';
import { expect, test } from 'vitest';
import { random, uuid } from './ids.ts';

const fill = (byte: number) => (length: number) => new Uint8Array(length).fill(byte);
const at = (ms: number, randomBytes: (length: number) => Uint8Array = fill(0)) => uuid({ now: () => ms, randomBytes });

test('the example of RFC 9562, A.6: its time, version and variant', () => {
  expect(at(0x017f22e279b0)).toBe('017f22e2-79b0-7000-8000-000000000000');
  expect(at(0x017f22e279b0, fill(255))).toBe('017f22e2-79b0-7fff-bfff-ffffffffffff');
});

test.each([0, 1, 1_700_000_000_000, 1_700_000_000_000.75, 2 ** 48 - 1])('a time of %s ms is read back', (ms) => {
  const id = at(ms, (length) => crypto.getRandomValues(new Uint8Array(length)));
  expect(validate(id)).toBe(true);
  expect(version(id)).toBe(7);
  expect(id.slice(0, 13)).toBe(v7({ msecs: Math.trunc(ms) }).slice(0, 13));
});

test('a clock before 1970 still gives an id', () => {
  expect(version(at(-5))).toBe(7);
});

test('every other bit is random', () => {
  const ids = Array.from({ length: 2000 }, () => at(0, (length) => crypto.getRandomValues(new Uint8Array(length))));
  expect(new Set(ids).size).toBe(2000);
  // 12, 2 and 60 bits: after 2,000 ids each hex digit has had every value that it can have.
  const values = (ids[0] ?? '')
    .split('')
    .map((_, place) => new Set(ids.map((id) => id[place])).size)
    .slice(14);
  expect(values).toEqual([1, 16, 16, 16, 1, 4, 16, 16, 16, 1, ...Array.from({ length: 12 }, () => 16)]);
});

test('random numbers are in [0, 1)', () => {
  expect(random({ randomBytes: fill(0) })).toBe(0);
  expect(random({ randomBytes: fill(255) })).toBeLessThan(1);
});
