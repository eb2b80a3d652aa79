import { createHash } from 'node:crypto';

/**
 * The key that an outside party gets: always the same for the same cause and purpose, so that a try that comes again is
 * known as such; another one for each purpose, so that one party's key means nothing to the next.
 *
 * @param cause the mutation's idempotency key, or whatever else happened once
 * @param purpose the channel, and what else tells two effects of one cause apart
 * @returns a UUID of version 8 (RFC 9562, section 5.8) made of a SHA-256: 36 characters, which every provider here takes
 */
export function derivedKey(cause: string, purpose: string): string {
  const hex = createHash('sha256').update(`ekbaar:${purpose}:${cause.toLowerCase()}`).digest('hex');
  const variant = (Number.parseInt(hex[16] ?? '0', 16) & 0b0011) | 0b1000;
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant.toString(16)}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
