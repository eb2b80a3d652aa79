import { deadCodes, type MutationError, rejectedCodes } from '../protocol/index.ts';

/** Why a mutation had no effect. */
export interface Refusal<Code extends string = string> {
  /** For programs; `message` is for people, in the server's words. */
  readonly code: Code | 'unknown_code';
  readonly message: string;
  /** What the server tells besides; of an `unknown_code`, `{ code, details }` as they came. */
  readonly details?: unknown;
}

const ownCodes: readonly string[] = [...rejectedCodes, ...deadCodes];

/**
 * The server's error in codes that this version of the app knows. A newer server may refuse for a reason that the app's
 * model does not have yet; the log keeps it as it came, so an updated app will know it.
 */
export function refusalOf(error: MutationError | undefined, rejects: readonly string[]): Refusal {
  const { code, message = '', details } = error ?? {};
  if (code !== undefined && (rejects.includes(code) || ownCodes.includes(code))) {
    return { code, message, ...(details !== undefined && { details }) };
  }
  return { code: 'unknown_code', message, details: { code, details } };
}
