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
export function csvLine(cells: readonly (string | number | boolean | null | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = looksLikeFormula(value) ? `'${value}` : value;
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
