/** Why a delivery did not happen; agents choose one of these, other programs may send any text. */
export const failReasons = [
  'customer_absent',
  'customer_refused',
  'customer_has_no_cash',
  'agent_has_no_cash',
  'wrong_details',
  'road_blocked',
  'other',
] as const;
export type FailReason = (typeof failReasons)[number];

/** The text of `failReason` in a row: the reason, and the note after a colon when there is one. */
export function describeFailure(failure: { reason: string; note?: string | undefined }): string {
  const note = failure.note?.trim();
  return note ? `${failure.reason}: ${note}` : failure.reason;
}

/** Takes apart what `describeFailure` put together. */
export function readFailure(failReason: string): { reason: FailReason | null; note: string } {
  const [code = '', ...rest] = failReason.split(': ');
  const reason = failReasons.find((known) => known === code) ?? null;
  return reason === null ? { reason, note: failReason } : { reason, note: rest.join(': ') };
}
