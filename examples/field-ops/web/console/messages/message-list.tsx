import { channels, type Message, Messages, messageStatuses } from '../../../src/message-answers.ts';
import { mfiName } from '../../shared/mfi.ts';
import { Choice } from '../frame/choice.tsx';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { Typed } from '../frame/typed.tsx';
import { momentInWords } from '../frame/units.ts';
import { usePages, withQuery } from '../frame/use-pages.ts';
import { channelWords, statusWords, toneOf } from './message-words.ts';

/** What was sent to whom, and how it went. */
export function MessageList() {
  const [query, change] = useQueryString();
  const parameters = {
    ...{ channel: query.get('channel'), status: query.get('status') },
    ...{ delivery: query.get('delivery'), endpoint: query.get('endpoint') },
  };
  const { pages, list } = usePages(withQuery('/api/v1/messages', { ...parameters, limit: '100' }), Messages, 10_000);
  const rows = pages.flatMap(({ messages }) => messages);
  return (
    <>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <Choice
          title="Channel"
          name="channel"
          value={parameters.channel ?? ''}
          options={channels.map((id) => [id, channelWords[id]] as const)}
          onChange={(channel) => change({ channel })}
        />
        <Choice
          title="Status"
          name="status"
          value={parameters.status ?? ''}
          options={messageStatuses.map((id) => [id, statusWords[id]] as const)}
          onChange={(status) => change({ status })}
        />
        <Typed
          name="delivery"
          title="Delivery"
          type="search"
          placeholder="Its id, such as d0042"
          value={parameters.delivery ?? ''}
          onChange={(delivery) => change({ delivery: delivery.trim() })}
        />
        {parameters.endpoint !== null && (
          <button type="button" className="quiet" onClick={() => change({ endpoint: null })}>
            Of one endpoint only: show all
          </button>
        )}
      </form>
      {rows.length > 0 && (
        <DataTable label="Messages" columns={columns} rows={rows} keyOf={({ id }) => id} testId="message" />
      )}
      <PagesEnd
        list={list}
        count={rows.length}
        empty="No message fits. Messages come with the first confirmed delivery, and a worker sends them."
        more="Earlier messages"
      />
    </>
  );
}

const columns: readonly Column<Message>[] = [
  {
    title: 'Message',
    cell: ({ id, channel, to, mfiId }) => (
      <Link to={`/messages/${id}`}>
        {channelWords[channel]} to {channel === 'webhook' && mfiId !== null ? mfiName(mfiId) : to}
      </Link>
    ),
  },
  {
    title: 'Status',
    cell: ({ status }) => (
      <span className="tag" data-tone={toneOf(status)}>
        {statusWords[status]}
      </span>
    ),
  },
  {
    title: 'Delivery',
    cell: ({ deliveryId }) =>
      deliveryId !== null && <Link to={`/deliveries/${encodeURIComponent(deliveryId)}`}>{deliveryId}</Link>,
  },
  { title: 'Made', cell: ({ createdAt }) => momentInWords(createdAt) },
  { title: 'Tries', amount: true, cell: ({ attempts }) => attempts },
  { title: 'Provider', cell: ({ provider }) => provider ?? '' },
  { title: 'Last error', wrap: true, cell: ({ lastError }) => lastError ?? '' },
];
