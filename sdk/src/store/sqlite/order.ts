import type { IndexValue } from '../store.ts';

/**
 * Text whose UTF-8 bytes, which SQLite compares, order as the UTF-16 code units of what was given. Surrogates and what
 * follows them become U+D7FF and four digits, control characters (NUL, at which some drivers cut) U+0001 and four:
 * what is left is well-formed, and any driver can carry it.
 */
export function ordered(text: string): string {
  return text.replaceAll(/[^ -\ud7fe]/g, (unit) => {
    const digits = unit.charCodeAt(0).toString(16).padStart(4, '0');
    return (unit < ' ' ? '\u0001' : '\ud7ff') + digits;
  });
}

/** The same for a value of an index: numbers, which come first, as the digits of their IEEE 754 form, exact in any driver. */
export function orderedValue(value: IndexValue): string {
  return typeof value === 'string' ? `s${ordered(value)}` : `n${orderedNumber(value)}`;
}

function orderedNumber(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  // Adding 0 makes -0 the 0 that it equals.
  view.setFloat64(0, value + 0);
  const [high, low] = [view.getUint32(0), view.getUint32(4)];
  // Negative numbers have the sign bit set, and grow towards zero.
  return high >>> 31 ? hex(~high) + hex(~low) : hex(high ^ 0x8000_0000) + hex(low);
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, '0');
}
