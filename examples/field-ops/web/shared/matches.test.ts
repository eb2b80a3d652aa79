import { describe, expect, it } from 'vitest';
import { matches } from './matches.ts';

describe('matches', () => {
  it.each([
    ['', true],
    ['sita', true],
    ['DEVI ram', true],
    ['ita', false],
    ['sita patna', false],
  ])('%j', (typed, found) => {
    expect(matches(typed, 'Sita Devi', 'Rampur')).toBe(found);
  });
});
