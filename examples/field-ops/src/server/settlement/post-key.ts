import { createHash } from 'node:crypto';
import { derivedKey } from '../jobs/idempotency-key.ts';

/** What is posted. */
export interface Posting {
  readonly tenant: string;
  readonly disbursementId: string;
  /** Our amount, with which the bank's is compared: when it is corrected, the question is another one. */
  readonly ourPaise: number;
  /** Of the bank's line, as `Payment` has it: not where it stands. */
  readonly content: string;
  /** How many keys before this one had an answer that is to be asked for again: a key has its answer for ever. */
  readonly refusals: number;
}

/**
 * The idempotency key of a reconciliation: the same for the same payment of the same disbursement, whichever run, file or
 * try it comes from.
 */
export function postKey({ tenant, disbursementId, ourPaise, content, refusals }: Posting): string {
  // Ids differ by case too, and derived keys do not.
  const cause = createHash('sha256')
    .update(JSON.stringify([tenant, disbursementId, ourPaise, content, refusals]))
    .digest('hex');
  return derivedKey(cause, 'settlement');
}
