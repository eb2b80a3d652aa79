import { expect, test } from 'vitest';
import { ago, bytes, clockInWords, duration } from './in-words.ts';

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_400, '1 s'],
  [119_000, '119 s'],
  [-120_000, '−2 min'],
  [7_200_000, '2 h'],
  [30 * 86_400_000, '30 d'],
])('%i ms are %s', (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test('says how long ago, also when the clock was set back meanwhile', () => {
  const now = '2026-11-22T10:00:00.000Z';
  expect(ago('2026-11-22T09:00:00.000Z', now)).toBe('60 min ago');
  expect(ago('2026-11-22T11:00:00.000Z', now)).toBe('now');
  expect(ago(null, now)).toBe('–');
});

test.each([
  [null, 'not known yet'],
  [-999, 'right'],
  [3 * 3_600_000, '3 h ahead'],
  [-5_000, '5 s behind'],
])('a clock that is wrong by %s ms is %s', (ms, words) => {
  expect(clockInWords(ms)).toBe(words);
});

test.each([
  [undefined, '–'],
  [0, '0 B'],
  [999, '999 B'],
  [1_234, '1.2 kB'],
  [62_000, '62 kB'],
  [11e9, '11 GB'],
])('%s bytes are %s', (count, words) => {
  expect(bytes(count)).toBe(words);
});
