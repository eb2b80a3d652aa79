import { useInfiniteQuery } from '@tanstack/react-query';
import { AgentPage, type ListedAgent } from '../../../src/record-answers.ts';
import { now } from '../../shared/platform.ts';
import { formatWholeRupees } from '../../shared/rupees.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole, useFeed } from '../frame/console-context.ts';
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
      <div className="scroll" tabIndex={0} role="region" aria-label="Agents, as a table">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col">Region</th>
              <th scope="col">Last seen</th>
              <th scope="col">Phones</th>
              <th scope="col" className="amount">
                To do
              </th>
              <th scope="col" className="amount">
                Confirmed
              </th>
              <th scope="col" className="amount">
                Not delivered
              </th>
              <th scope="col" className="amount">
                Cash in hand
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((agent) => (
              <AgentLine key={agent.id} agent={agent} />
            ))}
          </tbody>
        </table>
      </div>
      {!list.isPending && rows.length === 0 && <p className="nothing">No agent fits.</p>}
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

function AgentLine({ agent }: { agent: ListedAgent }) {
  const troubles = agent.phones.flatMap((phone) => phoneTroubles(phone));
  return (
    <tr data-testid="agent" data-id={agent.id}>
      <th scope="row">
        <Link to={`/agents/${encodeURIComponent(agent.id)}`}>{agent.name}</Link> <span className="dim">{agent.id}</span>
        {!agent.active && <span className="tag">Inactive</span>}
      </th>
      <td>{agent.regionId}</td>
      <td>{agent.lastSeenAt === null ? <span className="dim">never</span> : agoInWords(agent.lastSeenAt, now())}</td>
      <td>
        {agent.phones.length === 0 ? (
          <span className="dim">none signed in</span>
        ) : (
          agent.phones.map(({ name }) => name).join(', ')
        )}
        {troubles.map((trouble) => (
          <span key={trouble} className="tag" data-tone="attention">
            {trouble}
          </span>
        ))}
      </td>
      <td className="amount">
        {counted(agent.open)}
        {agent.overdue > 0 && <span className="tag">{counted(agent.overdue)} overdue</span>}
      </td>
      <td className="amount">{counted(agent.confirmed)}</td>
      <td className="amount">{counted(agent.failed)}</td>
      <td className="amount">{formatWholeRupees(agent.cashPaise)}</td>
    </tr>
  );
}
