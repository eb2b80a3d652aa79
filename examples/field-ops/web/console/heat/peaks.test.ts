import { describe, expect, it } from 'vitest';
import { peakWindows } from './peaks.ts';

const night = (from: number, of: readonly number[]) => Array.from({ length: 24 }, (_, hour) => of[hour - from] ?? 0);

describe('peakWindows', () => {
  it('finds the two peaks of a field day by themselves', () => {
    const found = peakWindows(night(7, [6, 22, 48, 96, 100, 97, 88, 41, 38, 80, 92, 74, 33, 14]));
    expect(found.map(({ from, to }) => [from, to])).toEqual([
      [10, 14],
      [16, 19],
    ]);
    expect(found.reduce((all, { share }) => all + share, 0)).toBeGreaterThan(0.6);
  });

  it('finds others where the data has others, up to midnight', () => {
    expect(peakWindows(night(20, [5, 9, 50, 60])).map(({ from, to }) => [from, to])).toEqual([[22, 24]]);
  });

  it('finds none in a flat day, in an empty one, or in one single hour', () => {
    expect(peakWindows(night(9, [10, 11, 10, 9, 10, 11]))).toEqual([]);
    expect(peakWindows(night(0, []))).toEqual([]);
    expect(peakWindows(night(12, [7]))).toEqual([]);
  });
});
