import { Purse } from './purse.ts';
import type { TenantBooks } from './tenant-books.ts';

/** The bank's file is of what the partner paid, and the settlement finds in it what was planted there. */
export function checkBank(books: TenantBooks, partner: Purse): void {
  const night = books.evidence.nights.get(books.tenant);
  if (night === undefined) return;
  const { stations } = books.evidence;
  const { entries } = night;
  const lines = entries.filter(({ line }) => line !== 'missing');
  const told = lines.flatMap((entry) => (entry.line === 'told twice' ? [entry, entry] : [entry]));
  books.stations.push({
    station: 'bank: lines of the file',
    count: told.length,
    paise: told.reduce((sum, { bankPaise }) => sum + bankPaise, 0),
  });
  books.compare(
    partner,
    new Purse(
      'bank: what it is of',
      entries.map(({ disbursementId, paise }) => [disbursementId, paise]),
    ),
  );
  const items = books.own(stations.items);
  const groups = [
    ['matched', ['fits', 'told twice']],
    ['mismatched', ['wrong']],
    ['missing', ['missing']],
  ] as const;
  for (const [group, planted] of groups) {
    const of = entries.filter(({ line }) => planted.some((one) => one === line));
    const banks = new Purse(
      `bank: ${planted.join(' or ')}`,
      of.map(({ disbursementId, bankPaise }) => [disbursementId, bankPaise]),
    );
    books.enter(banks);
    const found = items.filter((item) => item.group === group);
    const report = new Purse(
      `settlement report: ${group}`,
      found.map(({ disbursementId, banks: paise }) => [disbursementId, paise ?? 0]),
    );
    books.enter(report);
    books.compare(banks, report);
  }
  for (const { group, disbursementId } of items.filter((item) => !groups.some(([name]) => name === item.group)))
    books.violations.push(`the settlement has ${disbursementId} as ${group}, and nobody planted that`);
  const doubled = books.own(stations.lines).filter(({ group }) => group === 'doubled');
  const twice = entries.filter(({ line }) => line === 'told twice');
  books.stations.push({
    station: 'settlement report: lines told twice',
    count: doubled.length,
    paise: doubled.reduce((sum, { paise }) => sum + (paise ?? 0), 0),
  });
  books.compareLines(
    'the bank told twice',
    twice.map(({ disbursementId }) => disbursementId),
    'the report',
    doubled.map(({ disbursementId }) => disbursementId ?? 'nothing'),
  );
  const states = new Map<string, string>(
    entries.map(({ disbursementId, line }) => [
      disbursementId,
      line === 'wrong' ? 'mismatch' : line === 'missing' ? 'disbursed' : 'reconciled',
    ]),
  );
  const disbursements = books.own(stations.disbursements);
  for (const status of ['reconciled', 'mismatch', 'disbursed', 'open']) {
    const of = disbursements.filter((row) => row.status === status);
    books.enter(
      new Purse(
        `disbursements: ${status}`,
        of.map(({ id, paise }) => [id, paise]),
      ),
    );
  }
  books.compareLines(
    'the bank’s file',
    disbursements.map(({ id }) => `${id} ${states.get(id) ?? 'open'}`),
    'disbursements',
    disbursements.map(({ id, status }) => `${id} ${status}`),
  );
  books.compareLines(
    'the bank’s file',
    lines.map(({ disbursementId, bankPaise }) => `${disbursementId} applied ${bankPaise}`),
    'posted reconciliations',
    books.own(stations.posted).map(({ disbursementId, status, paise }) => `${disbursementId} ${status} ${paise}`),
  );
  const [run] = books.own(stations.runs);
  if (run?.state !== 'done') books.violations.push(`the settlement run is ${run?.state ?? 'not there'}`);
}
