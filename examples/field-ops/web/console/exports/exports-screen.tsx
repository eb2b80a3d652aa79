import { useState } from 'react';
import { type Export, type ExportKind, Exports } from '../../../src/export-answers.ts';
import { useSeesAll } from '../frame/console-context.ts';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { momentInWords } from '../frame/units.ts';
import { usePages } from '../frame/use-pages.ts';
import { ExportProgress } from './export-progress.tsx';
import { ExportSheet } from './export-sheet.tsx';
import { filtersInWords, formatWords, kindWords } from './export-words.ts';

/** What can be taken out whole, by days; the rest is exported where it is shown. */
const whole = [
  ['deliveries', 'All deliveries, by the day they are due'],
  ['disbursements', 'All disbursements, by the day they are due'],
  ['ledger', 'All entries of the ledger, by their day'],
  ['day-closings', 'What agents counted at the end of a day, beside the ledger'],
  ['audit', 'Every mutation with its outcome, and what was done by hand'],
] as const satisfies (readonly [ExportKind, string])[];

/** Files of rows: those that were asked for, and the way to new ones. */
export function ExportsScreen() {
  const seesAll = useSeesAll();
  const [asking, setAsking] = useState<(typeof whole)[number] | null>(null);
  const { pages, list } = usePages('/api/v1/exports?limit=50', Exports, 2_000);
  const rows = pages.flatMap((page) => page.exports);
  const columns: readonly Column<Export>[] = [
    {
      title: 'File',
      wrap: true,
      cell: (row) => (
        <>
          {kindWords[row.kind]} <span className="tag">{formatWords[row.format][0]}</span>
        </>
      ),
    },
    { title: 'Asked for', cell: ({ requestedAt, requestedBy }) => `${momentInWords(requestedAt)} by ${requestedBy}` },
    { title: 'Bounded to', wrap: true, cell: (row) => filtersInWords(row) || 'everything' },
    { title: 'How far', cell: (row) => <ExportProgress found={row} onChanged={() => void list.refetch()} /> },
  ];
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Exports</h1>
        <span className="actions">
          {whole
            .filter(([kind]) => seesAll || kind !== 'audit')
            .map((one) => (
              <button key={one[0]} type="button" data-testid={`new-${one[0]}`} onClick={() => setAsking(one)}>
                {kindWords[one[0]]}…
              </button>
            ))}
        </span>
      </div>
      {rows.length > 0 && <DataTable label="Exports" columns={columns} rows={rows} keyOf={({ id }) => id} />}
      <PagesEnd
        list={list}
        count={rows.length}
        empty="No file has been asked for. Choose above what to take out, or use “Export…” in Deliveries, Settlement, Day close and Audit: the file has what is shown there."
        more="Earlier exports"
      />
      {asking !== null && (
        <ExportSheet
          kind={asking[0]}
          what={asking[1]}
          days
          onClose={() => {
            setAsking(null);
            void list.refetch();
          }}
        />
      )}
    </div>
  );
}
