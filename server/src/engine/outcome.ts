import type { MutationError, Outcome } from '@ekbaar/sdk/protocol';
import { isStorableText, toStorableJson, toStorableText } from '../db/text.ts';

/** What `MutationError` of the protocol takes: a device sends it back after a restore, and must not be refused for it. */
const longest = { code: 64, message: 2000 };
/** How deep a result or details may be nested: they come back inside of a body, which may be little deeper. */
const deepest = 50;

/**
 * The outcome of a mutation that has taken effect. A result that JSON writes as null is none: a receipt cannot tell the two
 * apart, and a replay answers as the first time.
 *
 * @throws TypeError for one that is no JSON
 */
export function applied(result: unknown): Outcome {
  const kept = keepable(result, 'The result');
  const none = kept == null || JSON.stringify(kept) === 'null';
  return { status: 'applied', ...(none ? {} : { result: kept }) };
}

/** Why a mutation had no effect. A message that is too long is cut: it is for people. */
export function mutationError(code: string, message: string, details?: unknown): MutationError {
  const kept = { code, message: cut(toStorableText(message)) };
  return details === undefined ? kept : { ...kept, details: toStorableJson(details) };
}

/** Whether programs can be told of it: a code is compared, so it is never cut. */
export function isCode(code: string): boolean {
  return code.length > 0 && code.length <= longest.code && isStorableText(code);
}

/** As a receipt holds it. @throws TypeError when none can: a bug of the app, found while it can be blamed for it */
export function keepable<T>(value: T, what: string): T {
  let cause: unknown;
  try {
    const kept = toStorableJson(value);
    if (!isDeeperThan(value, deepest)) return kept;
  } catch (error) {
    cause = error;
  }
  throw new TypeError(`${what} must be JSON, nested no deeper than ${deepest} levels`, { cause });
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

function cut(text: string): string {
  if (text.length <= longest.message) return text;
  // No half of a pair before the dots.
  return `${text.slice(0, longest.message - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
