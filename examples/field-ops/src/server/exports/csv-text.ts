/** What a spreadsheet may take for a formula, also in the wide forms of East Asian keyboards, and behind blanks. */
const formula = /^\s*[=+\-@＝＋－＠|%]|^[\t\r\n]/;

/** Whether a spreadsheet may run a text instead of showing it. */
export function looksLikeFormula(text: string): boolean {
  return formula.test(text);
}

/**
 * A line of CSV by RFC 4180, ended with CRLF. Numbers stay numbers. A text that a spreadsheet could take for a formula gets
 * an apostrophe in front: Excel, LibreOffice and Google Sheets then show it, and do not run it.
 */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

type CsvCell = string | number | CsvNumber | null;

/** A number whose digits are given as text: `1234.50`. */
interface CsvNumber {
  readonly digits: string;
}

/** @throws RangeError for what is no number: it would pass unchecked */
export function csvNumber(digits: string): CsvNumber {
  if (!/^-?\d+(?:\.\d+)?$/.test(digits)) throw new RangeError(`${digits} is no number`);
  return { digits };
}

function csvCell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value === 'object') return value.digits;
  if (typeof value === 'number') return String(value);
  const text = looksLikeFormula(value) ? `'${value}` : value;
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
