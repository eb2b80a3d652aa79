import { type FailReason, readFailure } from '../../src/failure.ts';

const reasons: Readonly<Record<FailReason, string>> = {
  customer_absent: 'Customer not at home',
  customer_refused: 'Customer refuses',
  customer_has_no_cash: 'Customer has no cash',
  agent_has_no_cash: 'Agent has not enough cash',
  wrong_details: 'Wrong name, address or loan',
  road_blocked: 'Village cannot be reached',
  other: 'Another reason',
};

/** A row's `failReason` for people: the reason in words, then the agent's note. */
export function failureInWords(failReason: string): string {
  const { reason, note } = readFailure(failReason);
  return [reason && reasons[reason], note].filter(Boolean).join(': ');
}
