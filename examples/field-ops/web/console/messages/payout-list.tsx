import { type Payout, Payouts, payoutStatuses } from '../../../src/message-answers.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { Choice } from '../frame/choice.tsx';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { momentInWords } from '../frame/units.ts';
import { usePages, withQuery } from '../frame/use-pages.ts';
import { payoutWords, toneOf } from './message-words.ts';

/** What agents paid out in cash, on its way to their bank accounts. */
export function PayoutList() {
  const [query, change] = useQueryString();
  const status = query.get('status') ?? '';
  const { pages, list } = usePages(withQuery('/api/v1/payouts', { status, limit: '100' }), Payouts);
  const rows = pages.flatMap(({ payouts }) => payouts);
  return (
    <>
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <Choice
          title="Status"
          name="status"
          value={status}
          options={payoutStatuses.map((id) => [id, payoutWords[id]] as const)}
          onChange={(chosen) => change({ status: chosen })}
        />
      </form>
      {rows.length > 0 && (
        <DataTable label="Payouts" columns={columns} rows={rows} keyOf={({ id }) => id} testId="payout" />
      )}
      <PagesEnd
        list={list}
        count={rows.length}
        empty="No payout fits. They are asked for when an agent with a bank account confirms a disbursement."
        more="Earlier payouts"
      />
    </>
  );
}

const columns: readonly Column<Payout>[] = [
  {
    title: 'Payout',
    cell: ({ id, amountPaise }) => <Link to={`/messages/${id}`}>{formatRupees(amountPaise)}</Link>,
  },
  {
    title: 'Status',
    cell: ({ status }) => (
      <span className="tag" data-tone={toneOf(status)}>
        {payoutWords[status]}
      </span>
    ),
  },
  { title: 'Agent', cell: ({ agentId }) => <Link to={`/agents/${encodeURIComponent(agentId)}`}>{agentId}</Link> },
  {
    title: 'Delivery',
    cell: ({ deliveryId }) => <Link to={`/deliveries/${encodeURIComponent(deliveryId)}`}>{deliveryId}</Link>,
  },
  { title: 'Asked for', cell: ({ requestedAt }) => momentInWords(requestedAt) },
  { title: 'In this state since', cell: ({ statusAt }) => momentInWords(statusAt) },
  { title: 'Bank’s reference', cell: ({ bankRef, providerId }) => bankRef ?? providerId ?? '' },
  {
    title: 'Failure',
    wrap: true,
    cell: ({ failure, status }) =>
      status === 'failed' || status === 'reversed' ? `${failure ?? 'not said'}. Pay it by hand.` : (failure ?? ''),
  },
];
