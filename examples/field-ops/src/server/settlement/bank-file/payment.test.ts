import { describe, expect, test } from 'vitest';
import { columnsIn } from './columns.ts';
import { readPayment } from './payment.ts';

/** Reads a payment of ₹500 with more columns than every file has. */
function read(more: Readonly<Record<string, string>>) {
  const cells: Readonly<Record<string, string>> = { UTR: 'U1', Reference: 'b0001', Amount: '500', ...more };
  const columns = columnsIn(Object.keys(cells));
  if (columns === undefined) throw new Error('no header');
  return readPayment(Object.values(cells), columns, '2026-11-30');
}
/** Where its money went, or why that is not known. */
function sideOf(more: Readonly<Record<string, string>>): string {
  const payment = read(more);
  return typeof payment === 'string' ? payment : payment.side;
}

describe('a status', () => {
  test.for([
    ...['Processed', 'PROCESSED', 'Transaction Processed', 'Processed successfully', 'Credited to account holder'],
    ...['Success', 'Paid', 'Completed', 'Settled', ''],
  ])('"%s" is of a payment that went out', (status) => {
    expect(sideOf({ Status: status })).toBe('out');
  });

  test.for([
    ...['Pending', 'Processing', 'In process', 'IN_PROCESS', 'InProcess', 'Under Process', 'Being processed'],
    ...['To be processed', 'Not processed', 'Unprocessed', 'Initiated', 'On hold', 'HOLD', 'ON_HOLD', 'Queued'],
    ...['In queue', 'Scheduled', 'Awaiting approval'],
  ])('"%s" is of one that has not', (status) => {
    expect(sideOf({ Status: status })).toBe(`the bank has not paid it yet: status "${status}"`);
  });

  test.for(['Failed', 'Rejected', 'Returned', 'Reversed', 'Cancelled', 'Unpaid', 'Return in process'])(
    '"%s" is of one whose money came back',
    (status) => {
      expect(sideOf({ Status: status })).toBe('back');
    },
  );
});

describe('a type', () => {
  test.for([
    ...[
      'Deposit',
      'Cash Deposit',
      'Refund',
      'Reversal',
      'Return',
      'NEFT Return',
      'Withdrawal Reversal',
      'Credit',
      'CR',
    ],
  ])('"%s" is of money that came back', (type) => {
    expect(sideOf({ Type: type })).toBe('back');
  });

  test.for(['Withdrawal', 'ATM Withdrawal', 'Debit', 'DR', 'NEFT', 'IMPS', 'Credit transfer', ''])(
    '"%s" is of money that went out',
    (type) => {
      expect(sideOf({ Type: type })).toBe('out');
    },
  );

  test('says less than a column of debit or credit, and than one for credits', () => {
    expect(sideOf({ Type: 'Deposit', 'Dr/Cr': 'Dr' })).toBe('out');
    expect(sideOf({ Type: 'NEFT', 'Dr/Cr': 'Cr' })).toBe('back');
    expect(sideOf({ Type: 'NEFT Return', 'Dr/Cr': '' })).toBe('back');
    expect(sideOf({ Amount: '', Debit: '500', Credit: '', Type: 'Reversal' })).toBe('out');
  });

  test('says what came back where all amounts are debits', () => {
    const cells = ['U1', 'b0001', '500', 'Reversal'];
    const columns = columnsIn(['UTR', 'Reference', 'Debit', 'Type']);
    expect(readPayment(cells, columns ?? {}, '2026-11-30')).toMatchObject({ side: 'back' });
  });
});

describe('a column of debit or credit', () => {
  test.for(['Dr', 'Debit', 'Debited', 'Withdrawal', ''])('with "%s" is of money that went out', (side) => {
    expect(sideOf({ 'Dr/Cr': side })).toBe('out');
  });

  test.for(['Cr.', 'C', 'Credited', 'Deposit', 'Refund', 'Reversal', 'Returned'])(
    'with "%s" is of money that came back',
    (side) => {
      expect(sideOf({ 'Dr/Cr': side })).toBe('back');
    },
  );

  test('with another word makes the line unreadable', () => {
    expect(sideOf({ 'Dr/Cr': 'Adjustment' })).toBe('"Adjustment" is neither debit nor credit');
  });
});
