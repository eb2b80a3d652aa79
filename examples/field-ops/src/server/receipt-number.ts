import { createHash } from 'node:crypto';
import { receiptNumberOf, receiptSeed } from '../receipt-number.ts';

/** The number on the receipt of the confirmation with this idempotency key. */
export function receiptNumber(key: string): string {
  return receiptNumberOf(createHash('sha256').update(receiptSeed(key)).digest());
}
