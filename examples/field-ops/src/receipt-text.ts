/** What stands on a customer's receipt. */
export interface ReceiptFacts {
  readonly receiptNo: string;
  readonly operator: string;
  /** The id of the delivery: who asks about the receipt is asked for it. */
  readonly deliveryId: string;
  readonly kind: 'collection' | 'disbursement';
  readonly amountPaise: number;
  readonly loanId: string;
  readonly instalmentNo: number | null;
  /** ISO 8601, as the phone said it. */
  readonly confirmedAt: string;
}

/** Crockford's base 32, as in the receipt's number. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const checkLength = 8;
const checkLine = 'Check ';

/**
 * The lines of a receipt without its check code: a customer reads them with any phone's camera, and a program too. In
 * English whatever the app speaks: that is what whoever checks it has in hand.
 */
export function receiptLines(facts: ReceiptFacts): string[] {
  const { receiptNo, operator, deliveryId, kind, amountPaise, loanId, instalmentNo, confirmedAt } = facts;
  const rupees = `${Math.floor(amountPaise / 100)}.${String(amountPaise % 100).padStart(2, '0')}`;
  return [
    `${operator} receipt ${receiptNo}`,
    `${kind === 'collection' ? 'Collected' : 'Paid out'} Rs ${rupees}`,
    `Loan ${loanId}${instalmentNo === null ? '' : ` instalment ${instalmentNo}`}`,
    `At ${confirmedAt.slice(0, 16)}Z`,
    `Delivery ${deliveryId}`,
  ];
}

/**
 * Ties every line to the confirmation's idempotency key, which only the phone, the operator and the MFI's webhook know: a
 * customer who alters an amount cannot make the check fit. Whoever has the phone can, so the lines are compared with the
 * books too. HMAC-SHA-256, of which 40 bits are shown, as `8K2M-11QP`.
 */
export async function receiptCheck(lines: readonly string[], key: string): Promise<string> {
  const bytes = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const secret = await crypto.subtle.importKey('raw', bytes.encode(`receipt-check:${key}`), algorithm, false, ['sign']);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', secret, bytes.encode(lines.join('\n'))));
  const digits = Array.from({ length: checkLength }, (_, at) => alphabet[(mac[at] ?? 0) % 32]).join('');
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

/** The whole text in the QR code. */
export function receiptText(lines: readonly string[], check: string | null): string {
  return [...lines, ...(check === null ? [] : [`${checkLine}${check}`])].join('\n');
}

/** Takes a scanned text apart again; null for one that no receipt of ours is. */
export function readReceipt(text: string): { lines: string[]; check: string; deliveryId: string } | null {
  const lines = text.trim().split(/\r?\n/);
  const last = lines.pop() ?? '';
  const deliveryId = lines.at(-1)?.match(/^Delivery (\S+)$/)?.[1];
  if (lines.length !== 5 || deliveryId === undefined || !last.startsWith(checkLine)) return null;
  return { lines, check: last.slice(checkLine.length), deliveryId };
}
