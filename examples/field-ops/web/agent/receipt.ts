import { receiptNumberOf, receiptSeed } from '../../src/receipt-number.ts';
import { receiptCheck, receiptLines, receiptText } from '../../src/receipt-text.ts';
import type { DeliveryEntry } from './delivery-state.ts';

/** A receipt to be shown, before or after the server has heard of it. */
export interface Receipt {
  readonly receiptNo: string;
  /** Null where this phone does not have the confirmation's key any more: then nobody can check the text. */
  readonly check: string | null;
  /** What the QR code holds. */
  readonly text: string;
  /** What was paid by the confirmation that counted, which may be another phone's. */
  readonly amountPaise: number;
  /** Null where the office has no time of it. */
  readonly confirmedAt: string | null;
  /** How far it is: `waiting` until the server has confirmed it. */
  readonly standing: 'confirmed' | 'waiting' | 'refused';
}

const receiptLineWithoutTime = 'At Z';

/** The number of a confirmation with this key; the server comes to the same. */
async function receiptNumberFor(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(receiptSeed(key)));
  return receiptNumberOf(new Uint8Array(digest));
}

/** The receipt of a delivery; null when nothing about it was confirmed. */
export async function receiptFor({ row, confirmation }: DeliveryEntry, operator: string): Promise<Receipt | null> {
  const own = confirmation === null ? null : await receiptNumberFor(confirmation.key);
  // Another phone's confirmation counted, or this phone's log is gone: the row says the number, and nothing checks it.
  const isOwn = own !== null && (row.receiptNo === null || row.receiptNo === own);
  const receiptNo = isOwn ? own : row.receiptNo;
  if (receiptNo === null) return null;
  const confirmedAt = (isOwn ? confirmation?.args.confirmedAt : row.confirmedAt) ?? row.confirmedAt;
  const amountPaise = (isOwn ? confirmation?.args.amountPaise : row.amountPaise) ?? row.amountPaise;
  const lines = receiptLines({
    ...{ receiptNo, operator, deliveryId: row.id, kind: row.kind, loanId: row.loanId },
    ...{ amountPaise, instalmentNo: row.instalmentNo, confirmedAt: confirmedAt ?? '' },
  }).filter((line) => confirmedAt !== null || line !== receiptLineWithoutTime);
  const check = isOwn && confirmation ? await receiptCheck(lines, confirmation.key) : null;
  const standing = standingOf(isOwn, confirmation);
  return { receiptNo, check, text: receiptText(lines, check), amountPaise, confirmedAt, standing };
}

function standingOf(isOwn: boolean, confirmation: DeliveryEntry['confirmation']): Receipt['standing'] {
  if (!isOwn || confirmation?.state === 'applied') return 'confirmed';
  return confirmation?.state === 'saved' || confirmation?.state === 'sent' ? 'waiting' : 'refused';
}
