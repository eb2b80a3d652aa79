import { expect, it } from 'vitest';
import { isKnown, kindInWords, statusInWords } from './status-words.ts';

it('leaves words of another program as they are', () => {
  expect([statusInWords('pending'), statusInWords('returned'), statusInWords('constructor')]).toEqual([
    ...['To do', 'returned', 'constructor'],
  ]);
  expect([kindInWords('collection'), kindInWords('refund')]).toEqual(['Cash in', 'refund']);
});

it('knows a delivery by its kind and its status', () => {
  expect(isKnown({ kind: 'collection', status: 'pending' })).toBe(true);
  expect(isKnown({ kind: 'refund', status: 'pending' })).toBe(false);
  expect(isKnown({ kind: 'collection', status: 'returned' })).toBe(false);
});
