import { describe, expect, it } from 'vitest';
import { model } from './model.ts';

const confirm = model.mutations.confirmDelivery.args;
const good = { deliveryId: 'd1', amountPaise: 125_000, confirmedAt: '2026-11-22T10:04:05+05:30' };

describe('the model', () => {
  it('takes a confirmation, with or without a place', () => {
    expect(confirm.safeParse(good).success).toBe(true);
    expect(confirm.safeParse({ ...good, location: { lat: 25.6, lng: 85.1, accuracyM: 12 } }).success).toBe(true);
  });

  it('takes text of any script, also beyond 16 bits', () => {
    expect(confirm.safeParse({ ...good, deliveryId: 'सीता \u{1f600}\u{20bb7}' }).success).toBe(true);
  });

  it.each([
    { amountPaise: 0 },
    { amountPaise: 1.5 },
    { amountPaise: 1e13 },
    { amountPaise: '125000' },
    { deliveryId: '' },
    { deliveryId: 'x'.repeat(65) },
    { deliveryId: 'd\0' },
    { deliveryId: 'd\ud800' },
    { deliveryId: '\udc00d' },
    { deliveryId: '\ude00\ud83d' },
    { confirmedAt: '2026-11-22T10:04:05' },
    { confirmedAt: '2026-02-30T10:04:05Z' },
    { location: { lat: 91, lng: 0, accuracyM: 1 } },
    { location: { lat: 0, lng: 181, accuracyM: 1 } },
    { location: { lat: 0, lng: 0, accuracyM: -1 } },
  ])('refuses %j', (wrong) => {
    expect(confirm.safeParse({ ...good, ...wrong }).success).toBe(false);
  });

  it('takes days that exist, and totals from zero', () => {
    const close = model.mutations.closeDay.args;
    const day = { date: '2026-11-22', collectedPaise: 0, disbursedPaise: 0, count: 0 };
    expect(close.safeParse(day).success).toBe(true);
    expect(close.safeParse({ ...day, date: '2026-02-30' }).success).toBe(false);
    expect(close.safeParse({ ...day, collectedPaise: -1 }).success).toBe(false);
  });
});
