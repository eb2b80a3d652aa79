import { expect, test } from 'vitest';
import { readAmount } from './amount-text.ts';

test.for([
  ['1,23,456.50', 12_345_650, undefined],
  ['123,456.50', 12_345_650, undefined],
  ['123456.5', 12_345_650, undefined],
  ['₹ 1,23,456.50', 12_345_650, undefined],
  ['₹15000', 1_500_000, undefined],
  ['Rs. 15,000/-', 1_500_000, undefined],
  ['Rs 1,00,000.00 Dr', 10_000_000, 'debit'],
  ['INR 500.00 CR', 50_000, 'credit'],
  ['500.00(Cr)', 50_000, 'credit'],
  ['(500.00)', 50_000, 'credit'],
  ['-500', 50_000, 'credit'],
  ['₹-500', 50_000, 'credit'],
  ['500-', 50_000, 'credit'],
  ['+500', 50_000, undefined],
  [' 500\u00a0 ', 50_000, undefined],
  ["'500", 50_000, undefined],
  ['１５００', 150_000, undefined],
  ['0.00', 0, undefined],
  ['500.5000', 50_050, undefined],
  ['1,00,00,00,000.00', 100_000_000_000, undefined],
] as const)('%s', ([text, paise, sign]) => {
  expect(readAmount(text)).toEqual({ paise, sign });
});

test.for([
  '',
  '-',
  'abc',
  '1,23,45.00',
  '12,34',
  '1.234,50',
  '1,2345',
  '500.505',
  '1e5',
  '1.23E+05',
  '5 lakh',
  '12.',
  '.',
  ',,',
  '1..2',
  '(-500)',
  '99999999999999',
  '500 Dr Cr',
  '#REF!',
])('%s is no amount', (text) => {
  expect(readAmount(text)).toBeUndefined();
});
