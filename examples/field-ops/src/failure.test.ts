import { describe, expect, it } from 'vitest';
import { describeFailure, readFailure } from './failure.ts';

describe('failure', () => {
  it.each([
    { reason: 'customer_absent', note: '' },
    { reason: 'other', note: 'bridge: closed' },
  ])('reads back what it wrote: %j', (failure) => {
    expect(readFailure(describeFailure(failure))).toEqual(failure);
  });

  it('keeps the text of other programs as a note', () => {
    expect(readFailure('gone: away')).toEqual({ reason: null, note: 'gone: away' });
  });
});
