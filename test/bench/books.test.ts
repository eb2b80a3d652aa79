import { expect, test } from 'vitest';
import type { Books } from '../support/books.ts';
import { faultsOf } from './books.ts';

const right: Books = {
  confirmed: 3,
  receipts: { applied: 3 },
  debitPaise: 900,
  creditPaise: 900,
  unbalanced: 0,
  jobs: { sms: 3, 'mfi-webhook': 3 },
};

test('the books of three confirmations are right', () => {
  expect(faultsOf(right, 3)).toEqual([]);
});

test.each<[string, Partial<Books>]>([
  ['a delivery was confirmed that nobody was told of', { confirmed: 4 }],
  ['a confirmation was lost', { confirmed: 2 }],
  ['a receipt is missing', { receipts: { applied: 2 } }],
  ['there is a rejection', { receipts: { applied: 3, rejected: 1 } }],
  ['there is no receipt at all', { receipts: {} }],
  ['money was made', { creditPaise: 901 }],
  ['a ledger pair is not one', { unbalanced: 1 }],
  ['an SMS is missing', { jobs: { sms: 2, 'mfi-webhook': 3 } }],
  ['a webhook is there twice', { jobs: { sms: 3, 'mfi-webhook': 4 } }],
])('a fault is found when %s', (_, wrong) => {
  expect(faultsOf({ ...right, ...wrong }, 3)).toHaveLength(1);
});

test('a fault is found in each kind of row when clients were told of one confirmation more', () => {
  expect(faultsOf(right, 4)).toHaveLength(4);
});
