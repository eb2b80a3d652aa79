import { itemGroups, lineGroups } from '../../settlement-answers.ts';
import type { Run } from './run-store.ts';
import { countedGroups } from './summary.ts';

/** Whole paise as `1,23,456.50`. */
function indianRupees(paise: number): string {
  const digits = String(Math.abs(Math.trunc(paise / 100)));
  const grouped = digits.replace(/(\d)(?=(?:\d{2})+\d{3}$)/g, '$1,').replace(/(\d)(?=\d{3}$)/, '$1,');
  return `${paise < 0 ? '-' : ''}${digits.length > 3 ? grouped : digits}.${String(Math.abs(paise % 100)).padStart(2, '0')}`;
}

const waitsFor = ['mismatched', 'early', 'doubled', 'returned', 'unknown', 'unreadable'] as const;

/** A run for a terminal. @returns also whether nobody has to look at anything */
export function runInWords(run: Run): { text: string; fits: boolean } {
  const head = `Run ${run.id} of ${run.fileName} (${run.tenant}): ${run.state}`;
  if (run.summary === null) return { text: `${head}${run.error === null ? '' : `\n  ${run.error}`}`, fits: false };
  const { lines, file, disbursements, books, refused = 0 } = run.summary;
  const row = (name: string, count: number, ...money: number[]) =>
    `  ${name.padEnd(18)}${String(count).padStart(8)}${money.map((paise) => indianRupees(paise).padStart(20)).join('')}`;
  const text = [
    head,
    `up to ${run.upTo ?? '?'}`,
    `  ${'lines'.padEnd(18)}${'count'.padStart(8)}${'paid ₹'.padStart(20)}${'came back ₹'.padStart(20)}`,
    ...lineGroups.map((group) => row(group, lines[group].lines, lines[group].outPaise, lines[group].backPaise)),
    row('all', file.lines, file.outPaise, file.backPaise),
    `  ${'disbursements'.padEnd(18)}${'count'.padStart(8)}${'ours ₹'.padStart(20)}${'bank ₹'.padStart(20)}`,
    ...([...itemGroups, ...countedGroups] as const).map((group) => {
      const one = disbursements[group];
      return row(group, one.disbursements, one.ourPaise, one.bankPaise);
    }),
    row('all', books.disbursements, books.ourPaise, books.bankPaise),
    row('not posted', refused),
  ].join('\n');
  const fits =
    refused === 0 &&
    waitsFor.every((group) => lines[group].lines === 0) &&
    itemGroups.every((group) => group === 'matched' || disbursements[group].disbursements === 0);
  return { text, fits };
}
