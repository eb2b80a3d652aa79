/** Crockford's base 32: no I, L, O or U to misread or mishear. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const length = 10;

/** What the number is made of: the SHA-256 of this, as UTF-8. */
export function receiptSeed(key: string): string {
  return `receipt:${key}`;
}

/**
 * The number on a customer's receipt, for example `7K3M9-QXA2B`. It follows from the mutation's key, so that it is
 * the same for every try and after a restored backup, and the phone knows it before the server does. 50 bits: of a
 * million receipts two agree with odds of 1 in 2,000.
 *
 * @param digest SHA-256 of `receiptSeed(key)`
 */
export function receiptNumberOf(digest: Uint8Array): string {
  const digits = Array.from({ length }, (_, at) => alphabet[(digest[at] ?? 0) % 32]);
  return `${digits.slice(0, 5).join('')}-${digits.slice(5).join('')}`;
}
