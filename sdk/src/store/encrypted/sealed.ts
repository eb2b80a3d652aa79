import { StoreBrokenError } from '../../errors.ts';
import { compareKeys } from '../keys.ts';
import type { Key, Table } from '../store.ts';
import type { Cipher } from './cipher.ts';

/** A value as it is on disk. Its key is beside it, since a list of values comes without their keys. */
export interface Sealed {
  readonly key: Key;
  readonly sealed: string;
}

export function isSealed(value: unknown): value is Sealed {
  return typeof value === 'object' && value !== null && 'sealed' in value && typeof value.sealed === 'string';
}

export async function seal(cipher: Cipher, table: Table, key: Key, json: string): Promise<Sealed> {
  return { key, sealed: await cipher.seal(new TextEncoder().encode(json), placeOf(table, key)) };
}

/** @throws StoreBrokenError when it is not as it was sealed, or was sealed for another key. */
export async function unseal(cipher: Cipher, table: Table, value: Sealed): Promise<unknown> {
  try {
    const bytes = await cipher.open(value.sealed, placeOf(table, value.key));
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (error) {
    throw altered(table, error);
  }
}

/** What was found at a key, if it was sealed for that key. */
export function checkPlace(table: Table, key: Key, found: unknown): Sealed | undefined {
  if (found === undefined) return undefined;
  if (!isSealed(found) || placeOf(table, found.key) !== placeOf(table, key)) throw altered(table);
  return found;
}

/** What was found in a range: sealed, each for a key of its own, in the order of the keys. */
export function checkOrder(table: Table, isInRange: (key: Key) => boolean, found: readonly unknown[]): Sealed[] {
  return found.map((value, at) => {
    const before = found[at - 1];
    if (!isSealed(value) || !isInRange(value.key)) throw altered(table);
    if (isSealed(before) && compareKeys(before.key, value.key) >= 0) throw altered(table);
    return value;
  });
}

/** Unlike for any two places. */
export function placeOf(table: Table, key: Key): string {
  return JSON.stringify([table, key]);
}

function altered(table: Table, cause?: unknown): StoreBrokenError {
  return new StoreBrokenError(`A value in the table ${table} of this device, which is not as it was encrypted,`, cause);
}
