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
