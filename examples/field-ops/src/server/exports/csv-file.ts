import { csvLine, csvNumber } from './csv-text.ts';
import type { ExportColumn, ExportRow } from './sources.ts';
import { heading, indiaTime, rupeesText } from './written-cell.ts';

/** CSV for people and spreadsheets: UTF-8 with a byte order mark, headings, rupees, the operator's time. */
export async function* csvFile(
  columns: readonly ExportColumn[],
  batches: AsyncIterable<readonly ExportRow[]>,
): AsyncGenerator<string> {
  yield `\ufeff${csvLine(columns.map(heading))}`;
  for await (const rows of batches) {
    yield rows.map((row) => csvLine(columns.map(({ type }, at) => cell(type, row[at] ?? null)))).join('');
  }
}

function cell(type: ExportColumn['type'], value: string | number | null) {
  if (value === null) return null;
  if (type === 'paise') return csvNumber(rupeesText(Number(value)));
  if (type === 'count') return Number(value);
  return type === 'moment' ? indiaTime(String(value)) : String(value);
}
