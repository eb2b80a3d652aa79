import { v7 } from 'uuid';
import type { Platform } from './platform.ts';

/** A UUIDv7: for idempotency keys and request ids. */
export function uuid(platform: Pick<Platform, 'now' | 'randomBytes'>): string {
  return v7({ msecs: platform.now(), random: platform.randomBytes(16) });
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
