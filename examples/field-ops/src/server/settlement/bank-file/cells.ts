import { CsvError, type Options, parse } from 'csv-parse/sync';

/** What may stand between two cells; the one that makes a header of a line wins. */
export const delimiters = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof delimiters)[number];

/**
 * The cells of one record.
 *
 * @returns `open` when a quote is not closed by the end: the record goes on in the next line; undefined when it is none
 */
export function cellsOf(text: string, delimiter: Delimiter): string[] | 'open' | undefined {
  // By far the most lines have no quote, and then nothing else to know of.
  if (!text.includes('"')) return text.split(delimiter);
  try {
    return parsed(text, { delimiter });
  } catch (error) {
    if (error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED') return 'open';
  }
  try {
    // A quote in the middle of a cell, such as 12" pipes: it stands for itself.
    return parsed(text, { delimiter, relax_quotes: true });
  } catch {
    return undefined;
  }
}

function parsed(text: string, options: Options): string[] | undefined {
  const records = parse(text, { ...options, relax_column_count: true, skip_empty_lines: false }) as string[][];
  return records.length === 1 ? records[0] : undefined;
}
