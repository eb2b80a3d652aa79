import { type SettlementRun, SettlementRuns } from '../../../src/settlement-answers.ts';
import { timeFormat } from '../../shared/india-time.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { Link } from '../frame/router.tsx';
import { counted, momentInWords } from '../frame/units.ts';
import { usePages } from '../frame/use-pages.ts';
import { openGroups } from './group-words.ts';
import { RunState } from './run-state.tsx';
import { UploadForm } from './upload-form.tsx';

const time = timeFormat('en');

/** The bank's files, and what came of each. */
export function SettlementScreen() {
  const { pages, list } = usePages('/api/v1/settlement/runs?limit=50', SettlementRuns, 5_000);
  const runs = pages.flatMap((page) => page.runs);
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Settlement</h1>
        <span className="dim">Our books beside the bank’s</span>
      </div>
      <UploadForm />
      {runs.length > 0 && <DataTable label="Runs" columns={columns} rows={runs} keyOf={({ id }) => id} testId="run" />}
      <PagesEnd
        list={list}
        count={runs.length}
        empty="No file of the bank has come yet. Choose one above: the run begins at once, and its report opens here."
        more="Earlier runs"
      />
    </div>
  );
}

const columns: readonly Column<SettlementRun>[] = [
  { title: 'File', wrap: true, cell: ({ id, fileName }) => <Link to={`/settlement/${id}`}>{fileName}</Link> },
  { title: 'State', cell: (run) => <RunState run={run} /> },
  { title: 'Came', cell: ({ uploadedAt, uploadedBy }) => `${momentInWords(uploadedAt)} by ${uploadedBy}` },
  { title: 'Up to', cell: ({ upTo }) => (upTo === null ? '' : time.day(upTo)) },
  { title: 'Matched', amount: true, cell: (run) => numberOf(run, ['matched']) },
  { title: 'Do not fit', amount: true, cell: (run) => numberOf(run, openGroups) },
  {
    title: 'Paid by the bank',
    amount: true,
    cell: ({ summary }) => (summary === null ? '' : formatRupees(summary.file.outPaise)),
  },
];

function numberOf({ summary }: SettlementRun, groups: readonly string[]): string {
  if (summary === null) return '';
  return counted(groups.reduce((sum, group) => sum + (summary.disbursements[group]?.disbursements ?? 0), 0));
}
