import { describe, expect, it } from 'vitest';
import { timeFormat } from './india-time.ts';

const night = Date.parse('2026-11-22T19:00:00Z');

describe('india time', () => {
  it('adds the day to a time that is not of today', () => {
    expect(timeFormat('en').at('2026-11-22T19:05:00Z', night)).toMatch(/^12:35\sam$/);
    expect(timeFormat('en').at('2026-11-22T05:12:00Z', night)).toMatch(/^22 Nov, 10:42\sam$/);
  });

  it('writes Latin digits in Hindi too', () => {
    expect(timeFormat('hi').day('2026-11-23')).toMatch(/^23 नव/);
  });
});
