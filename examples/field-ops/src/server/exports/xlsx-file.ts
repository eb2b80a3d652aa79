import { Zip, ZipDeflate } from 'fflate';
import { looksLikeFormula } from './csv-text.ts';
import type { ExportColumn, ExportRow } from './sources.ts';
import { heading, indiaTime } from './written-cell.ts';
import { sheetEnd, sheetStart, styles, workbookParts } from './xlsx-parts.ts';

/** Excel's own limits. */
const mostRowsOfSheet = 1_048_576;
const mostCharacters = 32_767;

/**
 * An Excel workbook, written row by row. Text is text (inline strings with the format "Text"), so nothing in it can run, and
 * what looks like a formula is marked as quoted besides, so that it stays text when somebody edits the cell. Beyond Excel's
 * limit of rows the next sheet begins.
 */
export async function* xlsxFile(
  columns: readonly ExportColumn[],
  batches: AsyncIterable<readonly ExportRow[]>,
  mostRows: number = mostRowsOfSheet,
): AsyncGenerator<Uint8Array> {
  const out: Uint8Array[] = [];
  let failure: Error | undefined;
  const zip = new Zip((error: Error | null, chunk) => {
    if (error !== null) failure = error;
    else out.push(chunk);
  });
  const encoder = new TextEncoder();
  const written = function* () {
    if (failure !== undefined) throw failure;
    yield* out.splice(0);
  };
  const open = (path: string) => {
    const file = new ZipDeflate(path, { level: 4 });
    // Always the same: the file is of its rows alone.
    file.mtime = '2000-01-01T00:00:00';
    zip.add(file);
    return file;
  };
  const letters = columns.map((_, at) => columnLetters(at));
  let sheets = 0;
  let row = 0;
  let sheet: ZipDeflate | undefined;
  const nextSheet = () => {
    sheet?.push(encoder.encode(sheetEnd), true);
    sheet = open(`xl/worksheets/sheet${++sheets}.xml`);
    const names = columns.map(heading);
    const cells = names.map((name, at) => textCell(`${letters[at]}1`, styles.heading, name));
    sheet.push(encoder.encode(`${sheetStart(columns.map(widthOf))}<row r="1">${cells.join('')}</row>`));
    row = 1;
    return sheet;
  };
  let current = nextSheet();
  for await (const rows of batches) {
    let text = '';
    for (const values of rows) {
      if (row === mostRows) {
        current.push(encoder.encode(text));
        text = '';
        current = nextSheet();
      }
      row++;
      text += `<row r="${row}">${columns.map(({ type }, at) => cell(`${letters[at]}${row}`, type, values[at] ?? null)).join('')}</row>`;
    }
    current.push(encoder.encode(text));
    yield* written();
  }
  current.push(encoder.encode(sheetEnd), true);
  for (const [path, text] of workbookParts(sheets)) open(path).push(encoder.encode(text), true);
  zip.end();
  yield* written();
}

function cell(at: string, type: ExportColumn['type'], value: string | number | null): string {
  if (value === null) return '';
  if (type === 'paise') return `<c r="${at}" s="${styles.paise}"><v>${Number(value) / 100}</v></c>`;
  if (type === 'count') return `<c r="${at}" s="${styles.count}"><v>${Number(value)}</v></c>`;
  const text = String(value);
  if (type === 'day') return `<c r="${at}" s="${styles.day}"><v>${serial(text)}</v></c>`;
  if (type === 'moment') return `<c r="${at}" s="${styles.moment}"><v>${serial(indiaTime(text))}</v></c>`;
  return textCell(at, looksLikeFormula(text) ? styles.quoted : styles.text, text);
}

function textCell(at: string, style: number, text: string): string {
  return `<c r="${at}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`;
}

/** Days since 1899-12-30, as Excel counts them, of a wall clock's time. */
function serial(time: string): number {
  return (
    (Date.parse(`${time.replace(' ', 'T')}${time.length > 10 ? 'Z' : 'T00:00:00Z'}`) - Date.UTC(1899, 11, 30)) /
    86_400_000
  );
}

/** Most text: nothing in it has to be escaped. There are millions of cells. */
const plainText = /^(?:[A-Za-z0-9 .,:;/+@'"()-]|_(?!x))*$/;

/** What XML cannot hold, and what Excel reads as an escape of it (`_x0041_`), in the form that Excel gives back as it was. */
function xmlText(text: string): string {
  if (text.length <= mostCharacters && plainText.test(text)) return text;
  return text
    .slice(0, mostCharacters)
    .toWellFormed()
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replaceAll(
      /(?![\t\n])[\p{Cc}\ufffe\uffff]/gu,
      (one) => `_x${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
    )
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

function widthOf({ name, type }: ExportColumn): number {
  return type === 'moment' ? 20 : type === 'text' ? Math.max(14, name.length + 4) : 16;
}

/** 0 is A, 26 is AA. */
function columnLetters(at: number): string {
  return at < 26 ? String.fromCharCode(65 + at) : columnLetters(Math.floor(at / 26) - 1) + columnLetters(at % 26);
}
