import { expect, it } from 'vitest';
import { refusalInWords } from './refusal-in-words.ts';

it('says another amount in rupees, and everything else in the server’s words', () => {
  const error = {
    ...{ code: 'amount_mismatch', message: 'Delivery d1 is of 265000 paise, not 100' },
    details: { expectedPaise: 265_000 },
  };
  expect(refusalInWords({ error, args: { deliveryId: 'd1', amountPaise: 100 } })).toBe(
    '₹2,650.00 is due, ₹1.00 was entered',
  );
  expect(refusalInWords({ error, args: null })).toBe(error.message);
  expect(refusalInWords({ error: { code: 'cancelled', message: 'It was cancelled' }, args: {} })).toBe(
    'It was cancelled',
  );
  expect(refusalInWords({ error: null, args: {} })).toBe('');
});
