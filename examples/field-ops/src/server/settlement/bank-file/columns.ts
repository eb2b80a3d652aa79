import { readAmount } from './amount-text.ts';
import { readDay } from './day-text.ts';

/** What we want to know of a line. */
export type Column =
  | 'bankRef'
  | 'reference'
  | 'narration'
  | 'amount'
  | 'debit'
  | 'credit'
  | 'side'
  | 'type'
  | 'date'
  | 'status';

/** Which cell of a line has what; not every file has everything. */
export type Columns = Readonly<Partial<Record<Column, number>>>;

/**
 * How banks head their columns, without capitals, spaces and marks; the better name first. Seen in the statements and
 * payout reports of Indian banks.
 */
const spellings: Readonly<Record<Column, readonly string[]>> = {
  // The bank's own id of the payment.
  bankRef: [
    ...['utr', 'utrno', 'utrnumber', 'bankref', 'bankrefno', 'bankreference', 'bankreferenceno', 'bankreferencenumber'],
    ...[
      'rrn',
      'transactionid',
      'txnid',
      'tranid',
      'transactionno',
      'txnno',
      'transactionrefno',
      'txnrefno',
      'tranrefno',
    ],
    ...['chqrefno', 'chequerefno', 'refnochequeno', 'chqrefnumber', 'chequeno', 'chqno', 'instrumentid'],
  ],
  // What we told the bank to call it.
  reference: [
    ...[
      'disbursementid',
      'customerreference',
      'customerreferenceno',
      'customerref',
      'customerrefno',
      'clientreference',
    ],
    ...['clientref', 'clientrefno', 'merchantreference', 'beneficiaryreference', 'ourref', 'ourreference', 'yourref'],
    ...['reference', 'referenceno', 'referencenumber', 'refno', 'ref', 'loanid', 'loanno', 'loannumber'],
    ...['loanaccountno', 'loanaccount', 'lan'],
  ],
  narration: [
    ...[
      'narration',
      'particulars',
      'description',
      'transactiondescription',
      'transactiondetails',
      'txndetails',
      'details',
    ],
    ...['remarks', 'transactionremarks', 'purpose'],
  ],
  amount: [
    ...['amount', 'transactionamount', 'txnamount', 'tranamount', 'paidamount', 'amountpaid', 'netamount', 'amt'],
    ...['amountinr', 'amountrs', 'amountinrs', 'transactionamountinr', 'transactionamountrs', 'transactionamtinr'],
  ],
  debit: [
    ...[
      'debit',
      'debits',
      'debitamount',
      'debitamt',
      'debitinr',
      'debitrs',
      'dr',
      'dramount',
      'withdrawal',
      'withdrawals',
    ],
    ...['withdrawalamt', 'withdrawalamount', 'withdrawalamountinr', 'withdrawaldr', 'paidout'],
  ],
  credit: [
    ...[
      'credit',
      'credits',
      'creditamount',
      'creditamt',
      'creditinr',
      'creditrs',
      'cr',
      'cramount',
      'deposit',
      'deposits',
    ],
    ...['depositamt', 'depositamount', 'depositamountinr', 'depositcr', 'paidin'],
  ],
  // Which of the two it is, and nothing else.
  side: ['drcr', 'crdr', 'debitcredit', 'creditdebit', 'dc', 'cd', 'drcrindicator'],
  // The same in some files; NEFT, IMPS and the like in others.
  type: ['type', 'transactiontype', 'txntype'],
  date: [
    ...['valuedate', 'valuedt', 'transactiondate', 'txndate', 'trandate', 'postingdate', 'postdate', 'bookingdate'],
    ...['paymentdate', 'processeddate', 'date', 'dt'],
  ],
  status: ['status', 'transactionstatus', 'txnstatus', 'paymentstatus'],
};

/** The header in a line's cells; undefined when the line is none. It has to have a reference and an amount. */
export function columnsIn(cells: readonly string[]): Columns | undefined {
  // A payment may look like a header otherwise: `UTR1` and `DR` stand in it.
  if (cells.some((cell) => readDay(cell) !== undefined || readAmount(cell) !== undefined)) return undefined;
  const heads = cells.map((cell) =>
    cell
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, ''),
  );
  const columns = Object.fromEntries(
    Object.entries(spellings).flatMap(([column, names]) => {
      const name = names.find((one) => heads.includes(one));
      return name === undefined ? [] : [[column, heads.indexOf(name)]];
    }),
  ) as Columns;
  const named = columns.reference ?? columns.narration ?? columns.bankRef;
  const valued = columns.amount ?? columns.debit;
  return named === undefined || valued === undefined ? undefined : columns;
}
