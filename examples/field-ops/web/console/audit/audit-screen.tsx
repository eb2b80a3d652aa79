import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { AuditPage } from '@ekbaar/sdk/protocol/admin';
import * as z from 'zod/mini';
import { type LoggedReceipt, ReceiptLogPage, receiptStatuses } from '../../../src/record-answers.ts';
import { model } from '../../../src/model.ts';
import { ExportButton } from '../exports/export-button.tsx';
import { Asked, Failed } from '../frame/asked.tsx';
import { useAdministers, useConsole, useSeesAll } from '../frame/console-context.ts';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { JsonView } from '../frame/json-view.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { actionInWords } from '../status-words.ts';
import { momentInWords, spanInWords } from '../frame/units.ts';

const tabs = [
  ['receipts', 'What was done'],
  ['hand', 'By hand'],
  ['sign-ins', 'Accounts & sign-ins'],
] as const;

/** Who did what, when: the receipts of all mutations, what ops did by hand, who signed in. */
export function AuditScreen() {
  const [seesAll, administers] = [useSeesAll(), useAdministers()];
  const [query, change] = useQueryString();
  const tab = administers ? (query.get('show') ?? 'receipts') : 'receipts';
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Audit</h1>
        {administers && (
          <div className="tabs" role="group" aria-label="What to show">
            {tabs.map(([id, title]) => (
              <button
                key={id}
                type="button"
                aria-pressed={tab === id}
                onClick={() => change({ show: id === 'receipts' ? null : id })}
              >
                {title}
              </button>
            ))}
          </div>
        )}
        {seesAll && tab !== 'sign-ins' && (
          <ExportButton kind="audit" what="Every mutation with its outcome, and what was done by hand" days />
        )}
      </div>
      {tab === 'hand' ? <ByHand /> : tab === 'sign-ins' ? <SignIns /> : <Receipts />}
    </div>
  );
}

function Receipts() {
  const { api } = useConsole();
  const [query, change] = useQueryString();
  const asked = new URLSearchParams({ limit: '100' });
  for (const name of ['actor', 'name', 'status', 'q']) {
    const value = query.get(name);
    if (value !== null) asked.set(name, value);
  }
  for (const [name, time] of [
    ['from', 'T00:00:00+05:30'],
    ['to', 'T23:59:59.999+05:30'],
  ] as const) {
    const day = query.get(name);
    if (day !== null) asked.set(name, `${day}${time}`);
  }
  const list = useInfiniteQuery({
    queryKey: ['receipts', asked.toString()],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      api.get(`/api/v1/records/receipts?${asked}&cursor=${encodeURIComponent(pageParam)}`, ReceiptLogPage, signal),
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
  });
  const rows = (list.data?.pages ?? []).flatMap(({ receipts }) => receipts);
  const field = (name: string, title: string, type: 'search' | 'text' | 'date', placeholder = '') => (
    <label className={type === 'search' ? 'filter-search' : ''}>
      <span>{title}</span>
      <input
        type={type}
        placeholder={placeholder}
        value={query.get(name) ?? ''}
        onChange={(event) => change({ [name]: event.target.value })}
      />
    </label>
  );
  const choice = (name: string, title: string, options: readonly string[]) => (
    <label>
      <span>{title}</span>
      <select
        value={query.get(name) ?? ''}
        data-chosen={query.has(name)}
        onChange={(event) => change({ [name]: event.target.value })}
      >
        <option value="">All</option>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        {field('q', 'Search what was sent', 'search', 'Delivery, amount, key')}
        {field('actor', 'Who', 'text', 'Code or id')}
        {choice('name', 'What', Object.keys(model.mutations))}
        {choice('status', 'Outcome', receiptStatuses)}
        {field('from', 'From', 'date')}
        {field('to', 'To', 'date')}
      </form>
      {list.isError && <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {rows.length > 0 && (
        <DataTable label="Receipts" columns={receiptColumns} rows={rows} keyOf={({ key }) => key} testId="receipt" />
      )}
      {!list.isPending && !list.isError && rows.length === 0 && <p className="nothing">Nothing fits these filters.</p>}
      {list.hasNextPage && (
        <p>
          <button type="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Earlier ones
          </button>
        </p>
      )}
    </>
  );
}

const receiptColumns: readonly Column<LoggedReceipt>[] = [
  { title: 'Server time', cell: ({ serverAt }) => <time dateTime={serverAt}>{momentInWords(serverAt)}</time> },
  {
    title: 'Who',
    cell: ({ actorName, role }) => (
      <>
        {actorName} <span className="dim">{role}</span>
      </>
    ),
  },
  {
    title: 'What',
    cell: ({ key, name, args, result, error }) => {
      const { deliveryId } = (args ?? {}) as { deliveryId?: unknown };
      return (
        <>
          {actionInWords(name)}{' '}
          {typeof deliveryId === 'string' && (
            <Link to={`/deliveries/${encodeURIComponent(deliveryId)}`}>{deliveryId}</Link>
          )}
          <details>
            <summary>What was sent</summary>
            <JsonView value={{ key, args, result, error }} label="Receipt" />
          </details>
        </>
      );
    },
  },
  {
    title: 'Outcome',
    cell: ({ status }) => (
      <span className="tag" data-tone={status === 'applied' ? 'good' : 'attention'}>
        {status}
      </span>
    ),
  },
  { title: 'Device time', cell: ({ deviceAt }) => (deviceAt === null ? '' : momentInWords(deviceAt)) },
  { title: 'Clock error', cell: ({ clockErrorMs }) => (clockErrorMs === null ? '' : spanInWords(clockErrorMs)) },
  { title: 'Phone', cell: ({ clientId }) => <span className="dim">{clientId?.slice(0, 8) ?? 'program'}</span> },
];

function ByHand() {
  const { api } = useConsole();
  const query = useQuery({
    queryKey: ['audit'],
    queryFn: ({ signal }) => api.get('/v1/admin/audit?limit=200', AuditPage, signal),
  });
  return (
    <Asked query={query}>
      {({ entries }) => (
        <Log
          empty="Nothing was done by hand yet."
          lines={entries.map(({ id, at, actor, action, subject, details }) => ({
            ...{ id: String(id), at, who: actor, what: action },
            about: `${subject} ${details === null ? '' : JSON.stringify(details)}`,
          }))}
        />
      )}
    </Asked>
  );
}

const text = z.nullable(z.string());
const SignInEntries = z.object({
  entries: z.array(
    z.object({
      at: z.string(),
      id: z.string(),
      event: z.string(),
      actor: text,
      subject: z.string(),
      address: text,
      detail: text,
    }),
  ),
});

function SignIns() {
  const { api } = useConsole();
  const query = useQuery({
    queryKey: ['sign-ins'],
    queryFn: ({ signal }) => api.get('/auth/audit', SignInEntries, signal),
  });
  return (
    <Asked query={query}>
      {({ entries }) => (
        <Log
          empty="Nobody has signed in yet."
          lines={entries.map(({ id, at, event, actor, subject, address, detail }) => ({
            ...{ id, at, who: actor ?? 'somebody', what: event.replaceAll('_', ' ') },
            about: [subject, address && `from ${address}`, detail].filter(Boolean).join(' · '),
          }))}
        />
      )}
    </Asked>
  );
}

interface LogLine {
  readonly id: string;
  readonly at: string;
  readonly who: string;
  readonly what: string;
  readonly about: string;
}

const logColumns: readonly Column<LogLine>[] = [
  { title: 'When', cell: ({ at }) => <time dateTime={at}>{momentInWords(at)}</time> },
  { title: 'Who', cell: ({ who }) => who },
  { title: 'What', cell: ({ what }) => what },
  { title: 'About', wrap: true, cell: ({ about }) => about },
];

function Log({ lines, empty }: { lines: readonly LogLine[]; empty: string }) {
  if (lines.length === 0) return <p className="dim">{empty}</p>;
  return <DataTable label="Log" columns={logColumns} rows={lines} keyOf={({ id }) => id} />;
}
