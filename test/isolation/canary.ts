import { inflateRawSync } from 'node:zlib';
import type { Chance } from '../chaos/chance.ts';

export const tenants = ['pennco', 'vishi', 'salesco'] as const;
export type Tenant = (typeof tenants)[number];

/** Canaries of a tenant, each minted once: whoever sees one has seen the very place where it was put. */
export interface Mint {
  /** Text that fits into every text of the app and of the protocol, client ids included. */
  text(): string;
  /** A whole number of paise. */
  paise(): number;
  /** Degrees, or anything else with a fraction. */
  fraction(): number;
  /** An idempotency key. */
  key(): string;
  /** Whether a number is one that it has minted; sums of them may look like one. */
  minted(canary: string): boolean;
}

/** One form of each kind, so that all of them are found in any text, whatever stands around them. */
const forms = /qz[pvs][0-9a-f]{8}zq|7\.?[123]\d{9}[1-9]|[0-9a-f]{8}-ca0a-4ca0-8[123][0-9a-f]{2}-[0-9a-f]{12}/gi;
/** Numbers of receipts follow from keys; which of them were given out, only the tables know. */
const receiptNumbers = /(?<![\w-])[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}(?![\w-])/g;

export function mintOf(tenant: Tenant, chance: Chance): Mint {
  const letter = tenant.slice(0, 1);
  const digit = 1 + tenants.indexOf(tenant);
  const hex = (length: number) => Array.from({ length }, () => chance.below(16).toString(16)).join('');
  const numbers = new Set<string>();
  const paise = () => {
    const number = `7${digit}${String(chance.below(1e9)).padStart(9, '0')}${1 + chance.below(9)}`;
    numbers.add(number);
    return Number(number);
  };
  return {
    minted: (canary) => numbers.has(canary),
    text: () => `qz${letter}${hex(8)}zq`,
    paise,
    fraction: () => paise() / 1e11,
    key: () => `${hex(8)}-ca0a-4ca0-8${digit}${hex(2)}-${hex(12)}`,
  };
}

/** Whose it is; undefined for the number of a receipt, which does not say. */
export function tenantOf(canary: string): Tenant | undefined {
  if (canary.startsWith('qz')) return tenants.find((tenant) => tenant.startsWith(canary.slice(2, 3)));
  if (canary.includes('-ca0a-')) return tenants[Number(canary.slice(20, 21)) - 1];
  return canary.startsWith('7') && !canary.includes('-') ? tenants[Number(canary.slice(1, 2)) - 1] : undefined;
}

export function isNumber(canary: string): boolean {
  return /^7\d{11}$/.test(canary);
}

/** Every canary in a text, also in what is packed as cursors are. In one spelling. */
export function canariesIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const each of [text, ...unpacked(text)]) {
    for (const [canary] of each.matchAll(forms)) found.add(canary.replace('.', '').toLowerCase());
    for (const [number] of each.matchAll(receiptNumbers)) found.add(number.toLowerCase());
  }
  return found;
}

/** Of cursors only long ones are deflated. */
export const shortestDeflated = 100;

/** What base64url in a text stands for, deflated or not. */
export function unpacked(text: string): string[] {
  return (text.match(/[A-Za-z0-9_-]{24,}/g) ?? []).flatMap((packed) => {
    const bytes = Buffer.from(packed, 'base64url');
    if (bytes[0] === 0x7b || bytes[0] === 0x5b) return [bytes.toString()];
    if (packed.length < shortestDeflated) return [];
    try {
      return [inflateRawSync(bytes, { maxOutputLength: 1024 * 1024 }).toString()];
    } catch {
      return [];
    }
  });
}
