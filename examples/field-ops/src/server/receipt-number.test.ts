import { expect, it } from 'vitest';
import { receiptNumberOf, receiptSeed } from '../receipt-number.ts';
import { receiptNumber } from './receipt-number.ts';

const key = '0193a6e0-7c1b-7d52-9f00-3b5d9f1c2a44';

it('is the one that it has always been: receipts are in customers’ hands', () => {
  expect(receiptNumber(key)).toBe('6QEQW-VRQ5V');
});

it('is the same as a phone works it out', async () => {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(receiptSeed(key)));
  expect(receiptNumberOf(new Uint8Array(digest))).toBe(receiptNumber(key));
});
