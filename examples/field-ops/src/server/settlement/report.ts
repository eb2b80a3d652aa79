import type { Database } from '@ekbaar/server';
import { csvLine } from '../exports/csv-text.ts';
import { itemPage, linePage } from './run-pages.ts';
import type { Run } from './run-store.ts';
import { countedGroups } from './summary.ts';
import { itemGroups, lineGroups } from '../../settlement-answers.ts';

const rowsAtOnce = 500;
const rupees = (paise: number | null) => (paise === null ? null : paise / 100);

/**
 * A run's whole report as CSV, for people: the totals, each disbursement, each line. Read page by page: it is as long as
 * the file. Only a run that is at rest has one that will not change.
 */
export async function* reportText(database: Database, run: Run): AsyncGenerator<string> {
  const { db } = database;
  const { summary } = run;
  yield `\ufeff${csvLine(['settlement run', run.id])}${csvLine(['file', run.fileName])}${csvLine(['sha-256', run.fileHash])}`;
  yield `${csvLine(['state', run.state])}${csvLine(['up to', run.upTo])}${csvLine([])}`;
  if (summary !== null) {
    yield csvLine(['lines', 'count', 'paid (rupees)', 'came back (rupees)']);
    for (const [group, total] of [
      ...lineGroups.map((one) => [one, summary.lines[one]] as const),
      ['all', summary.file] as const,
    ])
      yield csvLine([group, total.lines, rupees(total.outPaise), rupees(total.backPaise)]);
    yield csvLine([]) + csvLine(['disbursements', 'count', 'ours (rupees)', 'bank (rupees)']);
    for (const [group, total] of [
      ...[...itemGroups, ...countedGroups].map((one) => [one, summary.disbursements[one]] as const),
      ['all', summary.books] as const,
    ])
      yield csvLine([group, total.disbursements, rupees(total.ourPaise), rupees(total.bankPaise)]);
  }
  yield csvLine([]);
  yield csvLine([
    ...['disbursement', 'group', 'region', 'mfi', 'loan', 'ours (rupees)', 'bank (rupees)', 'paid again (rupees)'],
    ...['came back (rupees)', 'bank reference', 'line', 'refusal', 'decision', 'reason', 'decided by'],
  ]);
  for (const group of itemGroups) {
    for (let after: string | undefined; ;) {
      const items = await itemPage(db, run, { group, after, limit: rowsAtOnce });
      yield items
        .map((item) =>
          csvLine([
            ...[item.disbursementId, item.group, item.regionId, item.mfiId, item.loanId, rupees(item.ourPaise)],
            ...[rupees(item.bankPaise), rupees(item.extraPaise), rupees(item.returnedPaise), item.bankRef, item.lineNo],
            ...[item.refusal, item.decision, item.reason, item.decidedBy],
          ]),
        )
        .join('');
      after = items.at(-1)?.disbursementId;
      if (items.length < rowsAtOnce) break;
    }
  }
  yield csvLine([]);
  yield csvLine([
    'line',
    'group',
    'why',
    'disbursement',
    'bank reference',
    'amount (rupees)',
    'out or back',
    'day',
    'as it stands in the file',
  ]);
  for (let after: number | undefined; ;) {
    const lines = await linePage(db, run, { group: undefined, after, limit: rowsAtOnce });
    yield lines
      .map((line) =>
        csvLine([
          ...[line.no, line.group, line.why, line.disbursementId, line.bankRef, rupees(line.amountPaise), line.side],
          ...[line.day, line.raw],
        ]),
      )
      .join('');
    after = lines.at(-1)?.no;
    if (lines.length < rowsAtOnce) break;
  }
}
