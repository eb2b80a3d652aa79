import { expect, it } from 'vitest';
import { type Fix, worthRecording } from './worth-recording.ts';

const first: Fix = { lat: 24.8, lng: 85, accuracyM: 20, at: 0 };
const minute = 60_000;

it.each<[string, Fix | null, Fix, boolean]>([
  ['the first', null, first, true],
  ['a guess by the mast', null, { ...first, accuracyM: 5000 }, false],
  ['the same place soon after', first, { ...first, at: 2 * minute }, false],
  ['the same place after five minutes', first, { ...first, at: 5 * minute }, true],
  ['another place', first, { ...first, lat: 24.81, at: 2 * minute }, true],
  ['another place within seconds', first, { ...first, lat: 24.81, at: 10_000 }, false],
  ['a move within its own error', first, { ...first, lat: 24.803, accuracyM: 400, at: 2 * minute }, false],
])('%s', (_what, last, next, worth) => {
  expect(worthRecording(last, next)).toBe(worth);
});
