import { expect, test } from 'vitest';
import { movesOn } from './payout-store.ts';
import { type PayoutStatus, payoutStatuses } from '../../message-answers.ts';

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000);

/** What becomes of a payout by these reports, in this order. */
function after(reports: readonly Exclude<PayoutStatus, 'requested'>[]): PayoutStatus {
  let payout: { status: PayoutStatus; statusAt: Date; bankRef: string | null } = {
    ...{ status: 'requested', statusAt: at(0), bankRef: null },
  };
  for (const status of reports) {
    if (movesOn(payout, { status }, at(1))) payout = { ...payout, status };
  }
  return payout.status;
}

const orders = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));

test('reports of a payout come to the same in any order, doubled or not', () => {
  for (const last of ['paid', 'cancelled', 'failed', 'reversed'] as const) {
    const story = ['accepted', 'processing', last] as const;
    const ends = orders([...story, ...story]).map((order) => after(order));
    expect(new Set(ends)).toEqual(new Set([last]));
  }
});

test('money that was paid can still come back, and then it does not become paid again', () => {
  for (const order of orders(['processing', 'paid', 'reversed'] as const)) expect(after(order)).toBe('reversed');
});

test('the bank’s reference may come after the status', () => {
  const paid = { status: 'paid' as const, statusAt: at(5), bankRef: null };
  expect(movesOn(paid, { status: 'paid', bankRef: 'UTR1' }, at(6))).toBe(true);
  expect(movesOn({ ...paid, bankRef: 'UTR1' }, { status: 'paid', bankRef: 'UTR2' }, at(7))).toBe(false);
});

test('no report takes a payout back to where it began', () => {
  for (const status of payoutStatuses)
    expect(movesOn({ status, statusAt: at(0), bankRef: 'x' }, { status: 'accepted' }, at(9))).toBe(
      status === 'requested',
    );
});
