import { createHash } from 'node:crypto';
import { readAmount } from './amount-text.ts';
import type { Column, Columns } from './columns.ts';
import { readDay } from './day-text.ts';

/** What a line of the bank's file says. */
export interface Payment {
  /** The bank's own id of it; one of ours, made of the line's content, when the file has none. 1 to 64 characters. */
  readonly bankRef: string;
  readonly reference: string;
  readonly narration: string;
  /** Whole paise, above zero. */
  readonly amountPaise: number;
  /** `out`: paid to us or for us; `back`: returned, refused or reversed. */
  readonly side: 'out' | 'back';
  /** The operator's day, `YYYY-MM-DD`; null in a file without dates. */
  readonly day: string | null;
  /** Names the payment, whichever file tells of it: what has the same is the same payment told again. */
  readonly content: string;
}

const longestRef = 64;
/** "In process" has not been paid; "Processed" has, and so has what is "Credited to account holder". */
const notYet =
  /pending|await|process(?![a-z])|processing|unprocessed|\b(?:be|being|not) processed|initiat|\b(?:hold|held)\b|queued?\b|schedul/i;
const cameBack = /fail|reject|return|revers|refund|cancel|bounce|unpaid/i;

/**
 * Reads one record.
 *
 * @param lastDay no payment is of a later day; `YYYY-MM-DD`
 * @returns the payment, or why it is none, in words for ops
 */
export function readPayment(cells: readonly string[], columns: Columns, lastDay: string): Payment | string {
  const cell = (column: Column) => cellText(cells[columns[column] ?? -1]);
  const money = amountIn(cell, columns);
  if (typeof money === 'string') return money;
  const status = cell('status');
  if (notYet.test(status.replaceAll('_', ' ')) && !cameBack.test(status))
    return `the bank has not paid it yet: status "${short(status)}"`;
  const side = money.side === 'credit' || cameBack.test(status) ? 'back' : 'out';
  let day: string | null = null;
  if (columns.date !== undefined) {
    day = readDay(cell('date')) ?? null;
    if (day === null) return `"${short(cell('date'))}" is no day as dd/mm/yyyy`;
    if (day > lastDay) return `the day ${day} is yet to come`;
  }
  const given = cell('bankRef');
  const [reference, narration] = [cell('reference'), cell('narration')];
  const ownRef = /[1-9a-z]/i.test(given) ? given : '';
  if (ownRef === '' && reference === '' && narration === '') return 'there is no reference';
  const { paise: amountPaise } = money;
  // Its own id alone does not tell payments apart: banks give the payments of one batch the same.
  const content = digest(['payment', ownRef, wordsOf(reference), wordsOf(narration), amountPaise, side, day]);
  return { bankRef: refOf(ownRef, content), reference, narration, amountPaise, side, day, content };
}

/** What a text says in any script, without case, spaces and marks, which banks set differently each time. */
function wordsOf(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '');
}

/** Names a line that could not be read, for finding it again when it comes twice. */
export function contentOfText(text: string): string {
  return digest(['text', text]);
}

function amountIn(
  cell: (column: Column) => string,
  columns: Columns,
): { paise: number; side: 'debit' | 'credit' } | string {
  const read = (column: Column) => {
    const text = cell(column);
    if (/^[-–—\s]*$/.test(text)) return null;
    const amount = readAmount(text);
    return amount === undefined ? `"${short(text)}" is no amount` : amount.paise === 0 ? null : amount;
  };
  if (columns.debit !== undefined && (columns.credit !== undefined || columns.amount === undefined)) {
    const [debit, credit] = [read('debit'), columns.credit === undefined ? null : read('credit')];
    if (typeof debit === 'string') return debit;
    if (typeof credit === 'string') return credit;
    if (debit !== null && credit !== null) return 'it has a debit and a credit';
    // Without a column for it, what came back stands among the debits.
    if (debit !== null && columns.credit === undefined && cameBack.test(cell('type')))
      return { paise: debit.paise, side: 'credit' };
    const money = debit ?? credit;
    if (money === null) return 'there is no amount';
    const turned = money.sign === 'credit';
    return { paise: money.paise, side: (debit !== null) !== turned ? 'debit' : 'credit' };
  }
  const amount = read('amount');
  if (amount === null) return 'there is no amount';
  if (typeof amount === 'string') return amount;
  const side = cell('side');
  const named = sideOf(side);
  if (named === undefined && side !== '') return `"${short(side)}" is neither debit nor credit`;
  const said = named ?? sideOfType(cell('type'));
  if (said !== undefined && amount.sign !== undefined && said !== amount.sign && !/^[-−]/.test(cell('amount')))
    return `the amount says ${amount.sign}, the column ${said}`;
  return { paise: amount.paise, side: said ?? amount.sign ?? 'debit' };
}

function sideOf(text: string): 'debit' | 'credit' | undefined {
  if (/^(?:dr?|debit(?:ed)?|withdrawal)\.?$/i.test(text)) return 'debit';
  return /^(?:cr?|credit(?:ed)?|deposit|refund|reversal|return(?:ed)?)\.?$/i.test(text) ? 'credit' : undefined;
}

/** A type may say more than the side ("NEFT Return", "Cash Deposit"), or nothing of it ("IMPS"). */
function sideOfType(text: string): 'debit' | 'credit' | undefined {
  if (cameBack.test(text) || /\bdeposit\b/i.test(text)) return 'credit';
  return sideOf(text) ?? (/\bwithdrawal\b/i.test(text) ? 'debit' : undefined);
}

/** A cell without what spreadsheets put around a number that is to stay text. */
function cellText(cell = ''): string {
  return cell
    .trim()
    .replace(/^=?"(.*)"$/, '$1')
    .replace(/^'/, '')
    .trim();
}

function refOf(given: string, content: string): string {
  if (given === '') return `line-${content.slice(0, 24)}`;
  return given.length <= longestRef ? given : `${given.slice(0, 47).toWellFormed()}~${content.slice(0, 16)}`;
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40).toWellFormed()}…` : text;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
