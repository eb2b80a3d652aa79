import { describe, expect, it } from 'vitest';
import { formatRupees, formatWholeRupees, parseRupees, rupeesText } from './rupees.ts';

describe('rupees', () => {
  it('groups digits the Indian way', () => {
    expect(formatRupees(12_500_000)).toBe('₹1,25,000.00');
    expect(formatWholeRupees(1_234_567_800)).toBe('₹1,23,45,678');
  });

  it.each([
    ['500', 50_000],
    ['1,25,000', 12_500_000],
    ['₹ 500.5', 50_050],
    ['0.29', 29],
    ['५००', 50_000],
    ['500.', 50_000],
  ])('reads %s', (typed, paise) => {
    expect(parseRupees(typed)).toBe(paise);
  });

  it.each(['', '0', '0.00', '-5', '1.234', '1e5', 'abc', '12345678901'])('refuses %j', (typed) => {
    expect(parseRupees(typed)).toBeNull();
  });

  it.each([100, 150, 105, 12_500_000, 29])('shows %i paise in a field so that it reads back the same', (paise) => {
    expect(parseRupees(rupeesText(paise))).toBe(paise);
  });
});
