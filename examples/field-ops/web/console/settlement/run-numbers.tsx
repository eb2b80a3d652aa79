import { lineGroups, type SettlementRun } from '../../../src/settlement-answers.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { counted } from '../frame/units.ts';
import { groupWords } from './group-words.ts';

interface RunNumbersProps {
  readonly run: SettlementRun & { readonly summary: NonNullable<SettlementRun['summary']> };
  onChoose(show: 'disbursements' | 'lines', group: string): void;
}

const none = { disbursements: 0, ourPaise: 0, bankPaise: 0 };

/** What a run found, in numbers: each leads to what it counts. Below, that it adds up. */
export function RunNumbers({ run: { summary }, onChoose }: RunNumbersProps) {
  const { file, books, lines } = summary;
  const ofBooks = (['matched', 'missing', 'mismatched', 'early', 'returned'] as const).map((group) => {
    const { disbursements: count, ourPaise, bankPaise } = summary.disbursements[group] ?? none;
    const money =
      group === 'missing' || ourPaise === bankPaise
        ? formatRupees(ourPaise)
        : `ours ${formatRupees(ourPaise)}, bank ${formatRupees(bankPaise)}`;
    return { show: 'disbursements', group, count, money } as const;
  });
  const ofFile = (['doubled', 'unknown', 'unreadable'] as const).map((group) => {
    const { lines: count, outPaise } = lines[group];
    return { show: 'lines', group, count, money: `in lines of the file · ${formatRupees(outPaise)}` } as const;
  });
  return (
    <>
      <div className="gauges four" data-testid="run-numbers">
        {[...ofBooks, ...ofFile].map(({ show, group, count, money }) => (
          <button
            key={group}
            type="button"
            className="gauge"
            data-bad={group !== 'matched' && count > 0}
            data-testid={`group-${group}`}
            onClick={() => onChoose(show, group)}
          >
            <span className="dim">{groupWords[group]}</span>
            <strong>{counted(count)}</strong>
            <span className="dim">{money}</span>
          </button>
        ))}
      </div>
      <details className="card">
        <summary>
          It adds up: {counted(file.lines)} lines with {formatRupees(file.outPaise)} paid and{' '}
          {formatRupees(file.backPaise)} come back; {counted(books.disbursements)} disbursements of{' '}
          {formatRupees(books.ourPaise)} in our books
        </summary>
        <div className="two even sums">
          <dl>
            {lineGroups.map((group) => (
              <div key={group}>
                <dt>{groupWords[group]}</dt>
                <dd>
                  {counted(lines[group].lines)} lines · {formatRupees(lines[group].outPaise)} paid
                  {lines[group].backPaise > 0 && ` · ${formatRupees(lines[group].backPaise)} back`}
                </dd>
              </div>
            ))}
          </dl>
          <dl>
            {Object.entries(summary.disbursements).map(([group, { disbursements, ourPaise }]) => (
              <div key={group}>
                <dt>{bookWords[group] ?? group}</dt>
                <dd>
                  {counted(disbursements)} · {formatRupees(ourPaise)}
                </dd>
              </div>
            ))}
          </dl>
        </div>
      </details>
    </>
  );
}

const bookWords: Readonly<Record<string, string>> = {
  ...groupWords,
  later: 'Paid out after the file’s last day',
  unpaid: 'Not paid out yet',
  settledBefore: 'Settled by an earlier file',
  mismatchedBefore: 'Another amount in an earlier file',
};
