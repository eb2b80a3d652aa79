import { useInfiniteQuery } from '@tanstack/react-query';
import { AgentPage, type ListedAgent } from '../../../src/record-answers.ts';
import { now } from '../../shared/platform.ts';
import { formatWholeRupees } from '../../shared/rupees.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole, useFeed } from '../frame/console-context.ts';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { agoInWords, counted } from '../frame/units.ts';
import { phoneTroubles } from './phone-troubles.ts';

/** Agents, what they still have to do, the cash they carry, and how their phones are. */
export function AgentsScreen() {
  const { api } = useConsole();
  const { agents } = useFeed();
  const [query, change] = useQueryString();
  const [q, region] = [query.get('q') ?? '', query.get('region') ?? ''];
  const asked = new URLSearchParams({ q, region, limit: '100' }).toString();
  const list = useInfiniteQuery({
    queryKey: ['agents', asked],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      api.get(`/api/v1/records/agents?${asked}&cursor=${encodeURIComponent(pageParam)}`, AgentPage, signal),
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
    refetchInterval: 30_000,
  });
  const rows = (list.data?.pages ?? []).flatMap((page) => page.agents);
  const regions = [...new Set([...agents.values()].map(({ regionId }) => regionId))].sort();
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Agents & phones</h1>
      </div>
      <form className="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label className="filter-search">
          <span>Search</span>
          <input
            type="search"
            placeholder="Name, code, phone number"
            value={q}
            onChange={(event) => change({ q: event.target.value })}
          />
        </label>
        <label>
          <span>Region</span>
          <select
            value={region}
            data-chosen={region !== ''}
            onChange={(event) => change({ region: event.target.value })}
          >
            <option value="">All</option>
            {regions.map((id) => (
              <option key={id} value={id}>
                {id}
              </option>
            ))}
          </select>
        </label>
      </form>
      {list.isError && <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {rows.length > 0 && (
        <DataTable label="Agents" columns={columns} rows={rows} keyOf={({ id }) => id} testId="agent" />
      )}
      {!list.isPending && !list.isError && rows.length === 0 && <p className="nothing">No agent fits.</p>}
      {list.hasNextPage && (
        <p>
          <button type="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            More agents
          </button>
        </p>
      )}
    </div>
  );
}

const columns: readonly Column<ListedAgent>[] = [
  {
    title: 'Agent',
    cell: ({ id, name, active }) => (
      <>
        <Link to={`/agents/${encodeURIComponent(id)}`}>{name}</Link> <span className="dim">{id}</span>{' '}
        {!active && <span className="tag">Inactive</span>}
      </>
    ),
  },
  { title: 'Region', cell: ({ regionId }) => regionId },
  {
    title: 'Last seen',
    cell: ({ lastSeenAt }) =>
      lastSeenAt === null ? <span className="dim">never</span> : agoInWords(lastSeenAt, now()),
  },
  {
    title: 'Phones',
    cell: ({ phones }) => (
      <>
        {phones.length === 0 ? <span className="dim">none signed in</span> : phones.map(({ name }) => name).join(', ')}{' '}
        {phones
          .flatMap((phone) => phoneTroubles(phone))
          .map((trouble) => (
            <span key={trouble} className="tag" data-tone="attention">
              {trouble}
            </span>
          ))}
      </>
    ),
  },
  {
    title: 'To do',
    amount: true,
    cell: ({ open, overdue }) => (
      <>
        {counted(open)} {overdue > 0 && <span className="tag">{counted(overdue)} overdue</span>}
      </>
    ),
  },
  { title: 'Confirmed', amount: true, cell: ({ confirmed }) => counted(confirmed) },
  { title: 'Not delivered', amount: true, cell: ({ failed }) => counted(failed) },
  { title: 'Cash in hand', amount: true, cell: ({ cashPaise }) => formatWholeRupees(cashPaise) },
];
