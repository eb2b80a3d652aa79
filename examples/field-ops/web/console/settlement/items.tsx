import { useState } from 'react';
import {
  itemGroups,
  type SettlementItem,
  SettlementItems,
  type SettlementRun,
} from '../../../src/settlement-answers.ts';
import { mfiName } from '../../shared/mfi.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { Choice } from '../frame/choice.tsx';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { usePages, withQuery } from '../frame/use-pages.ts';
import { DecideSheet } from './decide-sheet.tsx';
import { groupWords, whatToDo } from './group-words.ts';

interface ItemsProps {
  readonly run: SettlementRun;
  /** Only those that nobody has accepted. */
  readonly open: boolean;
  onDecided(): void;
}

/** The disbursements of a run, with what was decided about them. */
export function Items({ run, open, onDecided }: ItemsProps) {
  const [query, change] = useQueryString();
  const [deciding, setDeciding] = useState<SettlementItem | null>(null);
  const group = itemGroups.find((id) => id === query.get('group'));
  const { pages, list } = usePages(
    withQuery(`/api/v1/settlement/runs/${run.id}/disbursements`, {
      group: group ?? null,
      open: open ? 'true' : null,
      limit: '100',
    }),
    SettlementItems,
  );
  const rows = pages.flatMap(({ disbursements }) => disbursements);
  const columns: readonly Column<SettlementItem>[] = [
    {
      title: 'Disbursement',
      cell: ({ disbursementId, loanId }) => (
        <>
          {disbursementId}
          <Link className="under dim" to={`/deliveries?q=${encodeURIComponent(loanId)}`}>
            {loanId}
          </Link>
        </>
      ),
    },
    {
      title: 'Found',
      wrap: true,
      cell: ({ group: found, decision, extraPaise, refusal }) => (
        <>
          {groupWords[found]}{' '}
          {extraPaise > 0 && (
            <span className="tag" data-tone="attention">
              {formatRupees(extraPaise)} paid besides
            </span>
          )}
          {refusal !== null && (
            <span className="tag" data-tone="attention">
              not posted: {refusal}
            </span>
          )}
          {decision !== null && (
            <span className="tag" data-tone={decision === 'accepted' ? 'good' : 'attention'}>
              {decision}
            </span>
          )}
        </>
      ),
    },
    {
      title: 'Where',
      cell: ({ regionId, mfiId }) => (
        <>
          {mfiName(mfiId)}
          <span className="under dim">{regionId}</span>
        </>
      ),
    },
    { title: 'Ours', amount: true, cell: ({ ourPaise }) => formatRupees(ourPaise) },
    {
      title: 'Bank',
      amount: true,
      cell: ({ bankPaise }) => (bankPaise === null ? 'nothing' : formatRupees(bankPaise)),
    },
    { title: 'Difference', amount: true, cell: differenceOf },
    {
      title: 'Bank’s reference',
      wrap: true,
      cell: ({ bankRef, lineNo }) =>
        bankRef !== null && (
          <>
            <span className="reference">{bankRef}</span>
            <span className="under dim">line {lineNo}</span>
          </>
        ),
    },
    {
      title: 'Decision',
      wrap: true,
      cell: (item) => (
        <>
          {item.reason !== null && (
            <span>
              {item.reason} <span className="dim">by {item.decidedBy}</span>{' '}
            </span>
          )}
          {(item.group !== 'matched' || item.extraPaise > 0 || item.refusal !== null) && (
            <button type="button" data-testid="decide" onClick={() => setDeciding(item)}>
              Decide…
            </button>
          )}
        </>
      ),
    },
  ];
  return (
    <>
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <Choice
          title="Found"
          name="group"
          value={group ?? ''}
          options={itemGroups.map((id) => [id, groupWords[id]] as const)}
          onChange={(chosen) => change({ group: chosen })}
        />
        {group !== undefined && <p className="advice">{whatToDo[group]}</p>}
      </form>
      {rows.length > 0 && (
        <DataTable
          label="Disbursements"
          columns={columns}
          rows={rows}
          keyOf={({ disbursementId }) => disbursementId}
          testId="item"
        />
      )}
      <PagesEnd
        list={list}
        count={rows.length}
        empty={open ? 'Nothing waits for anybody here: all that does not fit is accepted.' : 'None of this kind.'}
        more="More disbursements"
      />
      {deciding !== null && (
        <DecideSheet
          runId={run.id}
          item={deciding}
          onClose={() => setDeciding(null)}
          onDecided={() => {
            setDeciding(null);
            void list.refetch();
            onDecided();
          }}
        />
      )}
    </>
  );
}

function differenceOf({ ourPaise, bankPaise, extraPaise, returnedPaise }: SettlementItem): string {
  const difference = (bankPaise ?? 0) + extraPaise - returnedPaise - ourPaise;
  return difference === 0 ? '' : `${difference > 0 ? '+' : ''}${formatRupees(difference)}`;
}
