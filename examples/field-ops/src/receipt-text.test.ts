import { describe, expect, it } from 'vitest';
import { type ReceiptFacts, readReceipt, receiptCheck, receiptLines, receiptText } from './receipt-text.ts';

const key = '0193a6e0-7c1b-7d52-9f00-3b5d9f1c2a44';
const facts: ReceiptFacts = {
  ...{ receiptNo: '6QEQW-VRQ5V', operator: 'PennCo', deliveryId: 'd0012', kind: 'collection', amountPaise: 124_005 },
  ...{ loanId: 'BFIL-PE-00012', instalmentNo: 3, confirmedAt: '2026-11-26T05:12:33.120Z' },
};

describe('the text of a receipt', () => {
  it('is read by people', async () => {
    const lines = receiptLines(facts);
    expect(receiptText(lines, await receiptCheck(lines, key))).toMatch(
      /^PennCo receipt 6QEQW-VRQ5V\nCollected Rs 1240\.05\nLoan BFIL-PE-00012 instalment 3\nAt 2026-11-26T05:12Z\nDelivery d0012\nCheck [0-9A-Z]{4}-[0-9A-Z]{4}$/,
    );
    expect(receiptLines({ ...facts, kind: 'disbursement', instalmentNo: null })).toContain('Paid out Rs 1240.05');
  });

  it('is read back, and its check fits only as long as nothing in it was changed', async () => {
    const lines = receiptLines(facts);
    const text = receiptText(lines, await receiptCheck(lines, key));
    const read = readReceipt(text);
    expect(read).toMatchObject({ deliveryId: 'd0012', lines });
    expect(await receiptCheck(read?.lines ?? [], key)).toBe(read?.check);
    for (const [from, to] of [
      ['1240.05', '2240.05'],
      ['instalment 3', 'instalment 4'],
      ['d0012', 'd0013'],
    ] as const) {
      const altered = readReceipt(text.replace(from, to));
      expect(await receiptCheck(altered?.lines ?? [], key)).not.toBe(altered?.check);
    }
    expect(await receiptCheck(lines, `${key.slice(0, -1)}5`)).not.toBe(read?.check);
  });

  it.each(['', 'hello', 'a\nb\nc\nd\nDelivery d1', 'a\nb\nc\nd\ne\nCheck X'])('is not %j', (text) => {
    expect(readReceipt(text)).toBeNull();
  });
});
