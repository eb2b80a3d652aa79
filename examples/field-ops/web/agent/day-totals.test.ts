import { describe, expect, it } from 'vitest';
import { sampleDelivery } from '../shared/sample-delivery.ts';
import type { AgentMutation } from './client.ts';
import { closingOf, daysWithWork, forgottenDay, totalsOf } from './day-totals.ts';
import type { DeliveryEntry } from './delivery-state.ts';

const entry = (more: Partial<DeliveryEntry['row']>): DeliveryEntry => ({
  row: { ...sampleDelivery, ...more },
  ...{ state: 'todo', receiptNo: null, refused: null, confirmation: null },
});
const confirmed = (confirmedAt: string, more: Partial<DeliveryEntry['row']> = {}) =>
  entry({ status: 'confirmed', confirmedAt, ...more });

describe('a day in figures', () => {
  const entries = [
    confirmed('2026-11-25T18:30:00Z', { amountPaise: 100 }),
    confirmed('2026-11-26T18:29:59Z', { amountPaise: 20, kind: 'disbursement' }),
    confirmed('2026-11-26T18:30:00Z', { amountPaise: 3 }),
    entry({ status: 'failed', failReason: 'other' }),
    entry({}),
  ];

  it('is a day in India, and only what was confirmed', () => {
    expect(totalsOf(entries, '2026-11-26')).toMatchObject({ collectedPaise: 100, disbursedPaise: 20, count: 2 });
    expect(totalsOf(entries, '2026-11-25')).toMatchObject({ collectedPaise: 0, disbursedPaise: 0, count: 0 });
    expect(daysWithWork(entries)).toEqual(['2026-11-27', '2026-11-26']);
  });
});

describe('closingOf', () => {
  const closing = (state: string, more: object = {}) =>
    ({ name: 'closeDay', args: { date: '2026-11-26' }, state, ...more }) as unknown as AgentMutation;

  it('finds the closing that counts, wherever it is', () => {
    expect(closingOf([closing('saved')], '2026-11-26')?.state).toBe('saved');
    expect(closingOf([closing('saved')], '2026-11-25')).toBeNull();
    expect(closingOf([closing('rejected', { error: { code: 'already_closed' } })], '2026-11-26')).not.toBeNull();
    expect(closingOf([closing('rejected', { error: { code: 'forbidden' } })], '2026-11-26')).toBeNull();
    expect(closingOf([closing('dead', { error: { code: 'x' } }), closing('applied')], '2026-11-26')?.state).toBe(
      'applied',
    );
  });
});

describe('forgottenDay', () => {
  const did = (date: string, state = 'applied') =>
    ({ name: 'confirmDelivery', args: { confirmedAt: `${date}T05:00:00Z` }, state }) as AgentMutation;
  const closed = (date: string) => ({ name: 'closeDay', args: { date }, state: 'applied' }) as unknown as AgentMutation;
  const today = '2026-11-26';

  it('is the latest one before today that this phone worked on and did not close', () => {
    expect(forgottenDay([did('2026-11-23'), did('2026-11-24'), did(today)], today, 35)).toBe('2026-11-24');
    expect(forgottenDay([did('2026-11-23'), closed('2026-11-23'), did(today)], today, 35)).toBeNull();
    expect(forgottenDay([did('2026-11-23', 'rejected')], today, 35)).toBeNull();
  });

  it('is none of which the phone cannot know whether it was closed', () => {
    expect(forgottenDay([], today, 35)).toBeNull();
    expect(forgottenDay([did('2026-10-22')], today, 35)).toBeNull();
    expect(forgottenDay([did('2026-10-23')], today, 35)).toBe('2026-10-23');
  });
});
