import type { MutationError, Outcome } from '@ekbaar/sdk/protocol';
import { isStorableText, toStorableJson, toStorableText } from '../db/text.ts';

/** What `MutationError` of the protocol takes: a device sends it back after a restore, and must not be refused for it. */
const longest = { code: 64, message: 2000 };
/** How deep a result or details may be nested: they come back inside of a body, which may be little deeper. */
const deepest = 50;
/**
 * Bytes of JSON that a result or details may have: in that body are the mutation's args too, which the SDK takes up to
 * 256 KiB of, a cursor of up to 512 KiB, and a thousand scopes.
 */
const mostBytes = 32 * 1024;

/**
 * The outcome of the mutation `name`, which has taken effect.
 *
 * @throws TypeError for a result that no receipt can hold
 */
export function applied(name: string, result: unknown): Outcome {
  const kept = keepable(result, `The result of "${name}"`);
  return { status: 'applied', ...(kept === undefined ? {} : { result: kept }) };
}

/**
 * Why a mutation had no effect. A message that is too long is cut: it is for people.
 *
 * @param details as a receipt can hold them
 */
export function mutationError(code: string, message: string, details?: unknown): MutationError {
  const kept = { code, message: cut(toStorableText(message)) };
  return details === undefined ? kept : { ...kept, details };
}

/** Whether programs can be told of it: a code is compared, so it is never cut. */
export function isCode(code: string): boolean {
  return code.length > 0 && code.length <= longest.code && isStorableText(code);
}

/**
 * As a receipt holds it. What JSON writes as null is undefined: a receipt cannot tell the two apart, and a replay answers as
 * the first time.
 *
 * @throws TypeError when none can: a bug of the app, found while it can be blamed for it
 */
export function keepable(value: unknown, what: string): unknown {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (cause !== undefined || isDeeperThan(value, deepest))
    throw new TypeError(`${what} must be JSON, nested no deeper than ${deepest} levels`, { cause });
  if (text === undefined || text === 'null') return undefined;
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes)
    throw new TypeError(
      `${what} has ${bytes} bytes of JSON, and a receipt takes ${mostBytes}: give less, such as the id of a row that has the rest`,
    );
  return toStorableJson(value, text);
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
