import { type IncomingEvent, IncomingEvents, incomingStatuses } from '../../../src/message-answers.ts';
import { Choice } from '../frame/choice.tsx';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { useQueryString } from '../frame/router.tsx';
import { momentInWords } from '../frame/units.ts';
import { usePages, withQuery } from '../frame/use-pages.ts';
import { toneOf } from './message-words.ts';

const statusWords = { received: 'Waits for a worker', processed: 'Processed', ignored: 'Of no use to us' } as const;

/** What providers and MFIs told us, each event once. */
export function Incoming() {
  const [query, change] = useQueryString();
  const status = query.get('status') ?? '';
  const { pages, list } = usePages(withQuery('/api/v1/incoming-events', { status, limit: '100' }), IncomingEvents);
  const rows = pages.flatMap(({ events }) => events);
  return (
    <>
      <form className="filters" onSubmit={(event) => event.preventDefault()}>
        <Choice
          title="Status"
          name="status"
          value={status}
          options={incomingStatuses.map((id) => [id, statusWords[id]] as const)}
          onChange={(chosen) => change({ status: chosen })}
        />
      </form>
      {rows.length > 0 && (
        <DataTable
          label="Incoming events"
          columns={columns}
          rows={rows}
          keyOf={({ source, eventId }) => `${source} ${eventId}`}
          testId="incoming"
        />
      )}
      <PagesEnd
        list={list}
        count={rows.length}
        empty="Nobody has told us anything yet. Reports of delivery and of payouts come here when the provider’s webhook points at this server."
        more="Earlier events"
      />
    </>
  );
}

const columns: readonly Column<IncomingEvent>[] = [
  { title: 'Event', wrap: true, cell: ({ type, source }) => `${type} from ${source}` },
  {
    title: 'Status',
    cell: ({ status }) => (
      <span className="tag" data-tone={toneOf(status)}>
        {statusWords[status]}
      </span>
    ),
  },
  { title: 'Came', cell: ({ receivedAt }) => momentInWords(receivedAt) },
  { title: 'Processed', cell: ({ processedAt }) => (processedAt === null ? '' : momentInWords(processedAt)) },
  { title: 'Id', wrap: true, cell: ({ eventId }) => eventId },
  { title: 'Note', wrap: true, cell: ({ note }) => note ?? '' },
];
