import {
  lineGroups,
  type SettlementLine,
  SettlementLines,
  type SettlementRun,
} from '../../../src/settlement-answers.ts';
import { timeFormat } from '../../shared/india-time.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { Choice } from '../frame/choice.tsx';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { useQueryString } from '../frame/router.tsx';
import { usePages, withQuery } from '../frame/use-pages.ts';
import { groupWords, whatToDo } from './group-words.ts';

const time = timeFormat('en');

const columns: readonly Column<SettlementLine>[] = [
  { title: 'Line', cell: ({ no }) => no },
  {
    title: 'Found',
    cell: ({ group }) => (
      <span
        className="tag"
        data-tone={group === 'matched' ? 'good' : group === 'layout' ? undefined : 'attention'}
        data-testid="line-group"
      >
        {groupWords[group]}
      </span>
    ),
  },
  { title: 'Day', cell: ({ day }) => (day === null ? '' : time.day(day)) },
  {
    title: 'Amount',
    amount: true,
    cell: ({ amountPaise, side }) =>
      amountPaise === null ? '' : `${side === 'back' ? '−' : ''}${formatRupees(amountPaise)}`,
  },
  { title: 'Disbursement', cell: ({ disbursementId }) => disbursementId ?? '' },
  { title: 'Bank’s reference', cell: ({ bankRef }) => bankRef ?? '' },
  { title: 'Why', wrap: true, cell: ({ why }) => why ?? '' },
  { title: 'As it stands in the file', wrap: true, cell: ({ raw }) => <code>{raw}</code> },
];

/** The file line by line: each is in one group. */
export function Lines({ run }: { run: SettlementRun }) {
  const [query, change] = useQueryString();
  const group = lineGroups.find((id) => id === query.get('group'));
  const path = `/api/v1/settlement/runs/${run.id}/lines`;
  const { pages, list } = usePages(withQuery(path, { group: group ?? null, limit: '100' }), SettlementLines);
  const rows = pages.flatMap(({ lines }) => lines);
  return (
    <>
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <Choice
          title="Found"
          name="group"
          value={group ?? ''}
          options={lineGroups.map((id) => [id, groupWords[id]] as const)}
          onChange={(chosen) => change({ group: chosen })}
        />
        {group !== undefined && <p className="advice">{whatToDo[group]}</p>}
      </form>
      {rows.length > 0 && (
        <DataTable label="Lines" columns={columns} rows={rows} keyOf={({ no }) => String(no)} testId="line" />
      )}
      <PagesEnd list={list} count={rows.length} empty="No line of this kind is in the file." more="More lines" />
    </>
  );
}
