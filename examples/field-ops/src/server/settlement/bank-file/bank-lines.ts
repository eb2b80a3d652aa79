import { cellsOf, type Delimiter, delimiters } from './cells.ts';
import { type Columns, columnsIn } from './columns.ts';
import { contentOfText, type Payment, readPayment } from './payment.ts';
import { longestLine, type TextLine, textLines } from './text-lines.ts';

/** A record of the bank's file: mostly a line, or a few when a quoted cell has line breaks. */
export interface BankLine {
  /** Number of its first line in the file, from 1. */
  readonly no: number;
  /** As it stands in the file. */
  readonly raw: string;
  /** `layout`: what is around the payments: titles, headers, blank lines, totals. */
  readonly read: { readonly kind: 'layout' } | { readonly kind: 'unreadable'; readonly why: string } | PaymentLine;
  readonly content: string;
}

type PaymentLine = { readonly kind: 'payment' } & Payment;

/** A file in which no line is a header: nothing in it can be read. */
export class NoHeader extends Error {
  override readonly name = 'NoHeader';
}

/** The header stands among the first so many lines, below what banks print above it. */
const mostTitles = 60;
/** A quoted cell has at most so many lines; a quote that is open for longer was never meant as one. */
const mostLinesOfRecord = 6;
const trailer =
  /^(?:(?:grand|sub)?\s*total|opening bal|closing bal|balance [bc]\/f|end of|page \d|statement (?:summary|generated)|[*=_#-]{2,})/i;

/**
 * Reads a bank's file as it is. Holds a few lines at a time, and gives every line back in one of three kinds.
 *
 * @param lastDay no payment is of a later day: what says so is a mistake; `YYYY-MM-DD`
 * @throws NoHeader
 */
export async function* bankLines(bytes: AsyncIterable<Uint8Array>, lastDay: string): AsyncGenerator<BankLine> {
  let layout: Header | undefined;
  let titles = 0;
  const waiting: TextLine[] = [];
  for await (const line of textLines(bytes)) {
    if (layout === undefined) {
      layout = headerIn(line.text);
      if (layout === undefined && ++titles > mostTitles) throw noHeader();
      yield around(line.no, line.text);
      continue;
    }
    waiting.push(line);
    yield* recordsIn(waiting, layout, lastDay, false);
  }
  if (layout === undefined) throw noHeader();
  yield* recordsIn(waiting, layout, lastDay, true);
}

interface Header {
  readonly delimiter: Delimiter;
  readonly columns: Columns;
  /** How many cells it has. */
  readonly width: number;
}

function headerIn(text: string): Header | undefined {
  let best: Header | undefined;
  for (const delimiter of delimiters) {
    const cells = cellsOf(text, delimiter);
    if (!Array.isArray(cells)) continue;
    const columns = columnsIn(cells);
    if (columns === undefined) continue;
    if (best === undefined || Object.keys(columns).length > Object.keys(best.columns).length)
      best = { delimiter, columns, width: cells.length };
  }
  return best;
}

/** Takes whole records off the front of what waits; the last lines may have to wait for more. */
function* recordsIn(waiting: TextLine[], header: Header, lastDay: string, atEnd: boolean): Generator<BankLine> {
  for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
    let cells: ReturnType<typeof cellsOf> = 'open';
    let count = 0;
    let raw = '';
    while (cells === 'open' && count < Math.min(waiting.length, mostLinesOfRecord)) {
      const line = waiting[count];
      raw += (count === 0 ? '' : '\n') + (line?.text ?? '');
      count++;
      cells = cellsOf(raw, header.delimiter);
    }
    if (cells === 'open' && count < mostLinesOfRecord && !atEnd) return;
    if (!Array.isArray(cells)) {
      waiting.shift();
      yield unreadable(
        first.no,
        first.text,
        cells === 'open' ? 'a quote is opened and not closed' : 'the quotes do not fit',
      );
      continue;
    }
    waiting.splice(0, count);
    yield first.cut
      ? unreadable(first.no, raw, `it is longer than ${longestLine} characters`)
      : recordOf(first.no, raw, cells, header, lastDay);
  }
}

function recordOf(no: number, raw: string, cells: string[], { columns, width }: Header, lastDay: string): BankLine {
  const filled = cells.filter((cell) => cell.trim() !== '');
  if (filled.length === 0 || columnsIn(cells) !== undefined) return around(no, raw);
  // A comma that no quote protects has cut an amount in two: what is left of it must not pass for one.
  const payment = cells.slice(width).some((cell) => cell.trim() !== '')
    ? 'it has more cells than the header'
    : readPayment(cells, columns, lastDay);
  if (typeof payment !== 'string') return { no, raw, read: { kind: 'payment', ...payment }, content: payment.content };
  // Totals and the like, where no payment could be read.
  if (trailer.test((filled[0] ?? '').trim())) return around(no, raw);
  return unreadable(no, raw, payment);
}

function around(no: number, raw: string): BankLine {
  return { no, raw, read: { kind: 'layout' }, content: contentOfText(raw) };
}

function unreadable(no: number, raw: string, why: string): BankLine {
  return { no, raw, read: { kind: 'unreadable', why }, content: contentOfText(raw) };
}

function noHeader(): NoHeader {
  return new NoHeader(
    `None of the first ${mostTitles} lines is a header with a reference (or narration) and an amount (or debit): is this the bank's file, as CSV?`,
  );
}
