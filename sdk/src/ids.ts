import type { Platform } from './platform.ts';

/** A UUIDv7 (RFC 9562, 5.7): for idempotency keys and request ids. */
export function uuid(platform: Pick<Platform, 'now' | 'randomBytes'>): string {
  const time = hex(Math.max(platform.now(), 0), 12);
  const random = Array.from(platform.randomBytes(10), (byte) => hex(byte, 2)).join('');
  const variant = hex(8 + (parseInt(random[3] ?? '', 16) % 4), 1);
  const parts = [time.slice(0, 8), time.slice(8), `7${random.slice(0, 3)}`, variant + random.slice(4, 7)];
  return [...parts, random.slice(8)].join('-');
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
