import { expect, test } from 'vitest';
import { indiaDay } from './india-day.ts';

test('counts days in India, whatever the device is set to', () => {
  expect(indiaDay(Date.parse('2026-11-22T18:29:59.999Z'))).toBe('2026-11-22');
  expect(indiaDay(new Date('2026-11-22T18:30:00Z'))).toBe('2026-11-23');
  expect(() => indiaDay(NaN)).toThrow(RangeError);
});
