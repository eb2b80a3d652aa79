import type { Platform } from './platform.ts';

/** A UUIDv7 (RFC 9562, 5.7): for idempotency keys and request ids. */
export function uuid(platform: Pick<Platform, 'now' | 'randomBytes'>): string {
  const time = hex(Math.max(platform.now(), 0), 12);
  const [first = 0, second = 0, third = 0, ...rest] = platform.randomBytes(10);
  // Version and variant stand where a few random bits were.
  const bytes = [0x70 | (first & 0x0f), second, 0x80 | (third & 0x3f), ...rest].map((byte) => hex(byte, 2));
  return (time + bytes.join('')).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function hex(value: number, digits: number): string {
  return Math.trunc(value).toString(16).padStart(digits, '0');
}

/** A name for a new install. */
export function newClientId(platform: Pick<Platform, 'now' | 'randomBytes'>): string {
  return `c_${uuid(platform)}`;
}

/** Uniform in [0, 1). */
export function random(platform: Pick<Platform, 'randomBytes'>): number {
  const [a = 0, b = 0, c = 0, d = 0] = platform.randomBytes(4);
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / 2 ** 32;
}
