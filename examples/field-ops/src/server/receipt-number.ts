import { createHash } from 'node:crypto';

/** Crockford's base 32: no I, L, O or U to misread or mishear. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const length = 10;

/**
 * The number on a customer's receipt, for example `7K3M9-QXA2B`. It follows from the mutation's key, so that it is
 * the same for every try and after a restored backup. 50 bits: of a million receipts two agree with odds of 1 in 2,000.
 */
export function receiptNumber(key: string): string {
  const digest = createHash('sha256').update(`receipt:${key}`).digest();
  const digits = Array.from({ length }, (_, at) => alphabet[(digest[at] ?? 0) % 32]);
  return `${digits.slice(0, 5).join('')}-${digits.slice(5).join('')}`;
}
