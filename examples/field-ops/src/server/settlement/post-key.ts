import { createHash } from 'node:crypto';
import { derivedKey } from '../jobs/idempotency-key.ts';

/**
 * The idempotency key of a reconciliation: the same for the same payment of the same disbursement, whichever run, file or
 * try it comes from.
 *
 * @param content of the bank's line, as `Payment` has it: not where it stands
 * @param refusals how many keys before this one had an answer that is to be asked for again: a key has its answer for ever
 */
export function postKey(tenant: string, disbursementId: string, content: string, refusals: number): string {
  // Ids differ by case too, and derived keys do not.
  const cause = createHash('sha256')
    .update(JSON.stringify([tenant, disbursementId, content, ...(refusals === 0 ? [] : [refusals])]))
    .digest('hex');
  return derivedKey(cause, 'settlement');
}
