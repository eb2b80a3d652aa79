import type { Chance } from '../chaos/chance.ts';
import { bankFile, indian } from '../settlement/bank-day.ts';

/** A disbursement that the partner has really paid, as the partner noted it. */
export interface PaidByPartner {
  readonly disbursementId: string;
  readonly loanId: string;
  readonly paise: number;
}

export type BankLine = 'fits' | 'wrong' | 'missing' | 'told twice';

/** What the bank's file says of one payment; `bankPaise` is 0 where it says nothing. */
export interface BankEntry extends PaidByPartner {
  readonly line: BankLine;
  readonly bankPaise: number;
}

export interface BankNight {
  readonly entries: readonly BankEntry[];
  readonly file: Uint8Array;
}

/** How much the bank adds by mistake. */
const wrongPaise = 10_000;

/**
 * The bank's file of what the partner really did, with some lines told twice, some with a wrong amount, and some left out.
 *
 * @param day of all payments, `YYYY-MM-DD`
 */
export function bankNight(paid: readonly PaidByPartner[], day: string, chance: Chance): BankNight {
  const [year, month, date] = day.split('-');
  const entries = paid.map((one, at): BankEntry => {
    // One of each at least, however small the day is.
    const likely = chance.random();
    const line: BankLine =
      at === 0 || likely < 0.02
        ? 'wrong'
        : at === 1 || likely < 0.04
          ? 'missing'
          : at === 2 || likely < 0.06
            ? 'told twice'
            : 'fits';
    return { ...one, line, bankPaise: line === 'missing' ? 0 : one.paise + (line === 'wrong' ? wrongPaise : 0) };
  });
  const lines = entries.flatMap(({ disbursementId, loanId, line, bankPaise }, at) => {
    if (line === 'missing') return [];
    const byReference = at % 2 === 0;
    const narration = byReference ? 'payout' : `NEFT/${loanId}/customer`;
    const reference = byReference ? disbursementId : '';
    const text = `${date}/${month}/${year};UTR${at + 1};${reference};${narration};"₹ ${indian(bankPaise)}";DR`;
    return line === 'told twice' ? [text, text] : [text];
  });
  return { entries, file: bankFile(lines) };
}
