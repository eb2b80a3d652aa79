const grouped = new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR', minimumFractionDigits: 2 });
const whole = new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR', maximumFractionDigits: 0 });

/** Paise as rupees with Indian grouping: 12500000 is ₹1,25,000.00. */
export function formatRupees(paise: number): string {
  return grouped.format(paise / 100);
}

/** Whole rupees, for totals where paise are noise. */
export function formatWholeRupees(paise: number): string {
  return whole.format(paise / 100);
}

/** What an amount field shows for an amount: digits and, where there are any, the paise. */
export function rupeesText(paise: number): string {
  const rest = paise % 100;
  return rest === 0 ? String(paise / 100) : `${(paise - rest) / 100}.${String(rest).padStart(2, '0')}`;
}

/**
 * Reads what a person typed as rupees ("1,25,000", "₹ 500.5", "५००") into paise; null when it is no positive amount.
 * Digit by digit, never through a float: 0.29 * 100 is not 29.
 */
export function parseRupees(typed: string): number | null {
  const plain = typed.replace(/[०-९]/g, (digit) => String(digit.charCodeAt(0) - 0x966)).replace(/[\s,₹]/g, '');
  const match = /^(\d{1,10})(?:\.(\d{0,2}))?$/.exec(plain);
  if (!match) return null;
  const paise = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  return paise > 0 ? paise : null;
}
