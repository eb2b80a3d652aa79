/** An amount as a bank writes it. */
export interface WrittenAmount {
  /** Whole paise, never negative. */
  readonly paise: number;
  /** What stands at the number: a minus, brackets and `Cr` are money that came back. */
  readonly sign: 'debit' | 'credit' | undefined;
}

/** As in the model: ten thousand million rupees. */
const mostPaise = 1e12;
/** Western or Indian groups, or none: `1,23,456`, `123,456`, `123456`. Whatever is grouped otherwise is a mistake. */
const rupees = /^(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3})$/;

/**
 * Reads an amount: `1,23,456.50`, `₹ 500`, `Rs. 1,000/-`, `INR 12.5 Dr`, `(500.00)`.
 *
 * @returns undefined when it is none, or one that can be read in two ways
 */
export function readAmount(text: string): WrittenAmount | undefined {
  let rest = text.normalize('NFKC').replaceAll(/\s/g, '').replace(/^'/, '').toLowerCase();
  let sign: WrittenAmount['sign'];
  const brackets = /^\((.*)\)$/.exec(rest);
  if (brackets !== null) {
    rest = brackets[1] ?? '';
    sign = 'credit';
  }
  const letters = /^(.*?)(?:\(?(dr|cr|d|c)\.?\)?)$/.exec(rest);
  if (letters !== null) {
    const said = letters[2]?.startsWith('d') === true ? 'debit' : 'credit';
    if (sign !== undefined && sign !== said) return undefined;
    sign = said;
    rest = letters[1] ?? '';
  }
  rest = rest.replace(/^(?:₹|rs\.?|inr)/, '').replace(/(?:\/-|₹|rs\.?|inr)$/, '');
  if (rest.startsWith('-') || rest.startsWith('−') || /^\d.*-$/.test(rest)) {
    if (sign !== undefined) return undefined;
    sign = 'credit';
    rest = rest.replaceAll(/[-−]/g, '');
  } else if (rest.startsWith('+')) rest = rest.slice(1);
  rest = rest.replace(/^(?:₹|rs\.?|inr)/, '');
  const parts = /^([\d,]+)(?:\.(\d{1,2})0*)?$/.exec(rest);
  const whole = parts?.[1];
  if (whole === undefined || !rupees.test(whole)) return undefined;
  const paise = Number(whole.replaceAll(',', '')) * 100 + Number((parts?.[2] ?? '').padEnd(2, '0'));
  return Number.isSafeInteger(paise) && paise <= mostPaise ? { paise, sign } : undefined;
}
