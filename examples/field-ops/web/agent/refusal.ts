import type { RejectOf } from '@ekbaar/sdk/model';
import type { FieldOpsModel } from '../../src/model.ts';
import type { AgentMutation } from './client.ts';
import type { Messages } from './i18n/en.ts';

/** Every code with which the server may refuse what an agent's phone sends; `dead` is its own: the office settles it. */
export type RefusalCode =
  | RejectOf<FieldOpsModel, 'confirmDelivery' | 'failDelivery' | 'closeDay'>
  | 'already_done'
  | 'forbidden'
  | 'invalid_args'
  | 'key_reused'
  | 'dead';

/** Why the server refused a mutation, in words. */
export function refusalInWords(record: AgentMutation, t: Messages): string {
  const codes: Readonly<Record<string, string>> = t.attention.codes;
  if (record.state === 'dead') return t.attention.codes.dead;
  return codes[record.error?.code ?? ''] ?? t.attention.unknown(record.error?.message ?? record.error?.code ?? '');
}

/** A day that another closing has closed is closed: there is nothing to do about it, and the day's screen says so. */
export function isNoNews({ name, state, error }: AgentMutation): boolean {
  return name === 'closeDay' && state === 'rejected' && error.code === 'already_closed';
}

/** What the office can put right meanwhile: then the same entry passes. */
const passing: ReadonlySet<string> = new Set(['not_found', 'not_assigned', 'forbidden']);

/** Whether doing the same once more may help. A dead letter is the office's to settle. */
export function mayPassNow({ state, error }: AgentMutation): boolean {
  return state === 'rejected' && passing.has(error?.code ?? '');
}

/** The receipt number of the one that counted, which the server tells with `already_done` and `already_confirmed`. */
export function firstReceiptNo(record: AgentMutation): string | null {
  const details: unknown = record.error?.details;
  if (typeof details !== 'object' || details === null || !('receiptNo' in details)) return null;
  return typeof details.receiptNo === 'string' ? details.receiptNo : null;
}
