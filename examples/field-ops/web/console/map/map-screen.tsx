import { useQuery } from '@tanstack/react-query';
import { AgentDay, Places } from '../../../src/record-answers.ts';
import { now } from '../../shared/platform.ts';
import { useConsole, useFeed } from '../frame/console-context.ts';
import { Failed } from '../frame/asked.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { agoInWords, counted } from '../frame/units.ts';
import { useNarrow } from '../use-narrow.ts';
import { type Mark, PlotMap } from './plot-map.tsx';

const oldAfterMs = 30 * 60_000;

/** Where agents were last, where the work is, and the day's way of one of them. */
export function MapScreen() {
  const { api } = useConsole();
  const { positions, agents, deliveries } = useFeed();
  const narrow = useNarrow();
  const [query, change] = useQueryString();
  const [region, chosen] = [query.get('region') ?? '', query.get('agent')];
  const places = useQuery({
    queryKey: ['places'],
    queryFn: ({ signal }) => api.get('/api/v1/records/places', Places, signal),
    refetchInterval: 60_000,
  });
  const day = useQuery({
    queryKey: ['agent', chosen, ''],
    queryFn: ({ signal }) => api.get(`/api/v1/records/agents/${encodeURIComponent(chosen ?? '')}`, AgentDay, signal),
    enabled: chosen !== null,
  });
  const regions = [...new Set([...agents.values()].map(({ regionId }) => regionId))].sort();
  const inRegion = (id: string) => region === '' || id === region;
  const shown = [...positions.values()].filter(({ regionId }) => inRegion(regionId));
  const demoAgents = new Set(places.data?.demoAgents);
  const at = now();
  const marks: Mark[] = [
    ...(places.data?.places ?? [])
      .filter(({ regionId }) => inRegion(regionId))
      .map(({ regionId, pincode, village, lat, lng, pending, confirmed, failed }): Mark => {
        const all = pending + confirmed + failed;
        const name = `${village} ${pincode}: ${confirmed} of ${all} confirmed`;
        return {
          id: `${regionId} ${pincode} ${village}`,
          name,
          kind: 'place',
          lat,
          lng,
          weight: all,
          done: confirmed / Math.max(1, all),
        };
      }),
    ...shown.map(({ agentId, lat, lng, at: seen }): Mark => ({
      ...{ id: agentId, kind: 'agent', lat, lng, demo: demoAgents.has(agentId) },
      old: at - Date.parse(seen) > oldAfterMs,
      name: `${agents.get(agentId)?.name ?? agentId}${demoAgents.has(agentId) ? ' (demo)' : ''}`,
    })),
  ];
  const agent = chosen === null ? undefined : agents.get(chosen);
  const open = deliveries.filter(({ agentId, status }) => agentId === chosen && status === 'pending').length;
  const position = chosen === null ? undefined : positions.get(chosen);
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Map</h1>
        <form className="filters" onSubmit={(event) => event.preventDefault()}>
          <label>
            <span>Region</span>
            <select
              value={region}
              data-chosen={region !== ''}
              onChange={(event) => change({ region: event.target.value, agent: null })}
            >
              <option value="">All</option>
              {regions.map((id) => (
                <option key={id}>{id}</option>
              ))}
            </select>
          </label>
          <label>
            <span>Agent</span>
            <select
              value={chosen ?? ''}
              data-chosen={chosen !== null}
              onChange={(event) => change({ agent: event.target.value })}
            >
              <option value="">All</option>
              {[...agents.values()]
                .filter(({ regionId }) => inRegion(regionId))
                .sort((a, b) => a.name.localeCompare(b.name))
                .map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
            </select>
          </label>
        </form>
      </div>
      {places.isError && <Failed error={places.error} onRetry={() => void places.refetch()} />}
      <PlotMap
        // What is shown changes: so does the view of all of it.
        key={region}
        label="Agents and villages"
        areas={regions.map((name) => ({ name, places: shown.filter(({ regionId }) => regionId === name) }))}
        height={narrow ? 460 : 620}
        marks={marks}
        line={chosen === null ? [] : (day.data?.track ?? [])}
        chosen={chosen}
        onChoose={(id) => change({ agent: id !== null && agents.has(id) ? id : null })}
      />
      <p className="map-legend">
        <span data-kind="agent">Agent, seen lately</span>
        <span data-kind="agent" data-old="true">
          Agent, not for 30 minutes
        </span>
        {demoAgents.size > 0 && (
          <span data-kind="agent" data-demo="true" data-testid="demo-positions">
            Made up, for the demo day: {counted(shown.filter(({ agentId }) => demoAgents.has(agentId)).length)} of{' '}
            {counted(shown.length)}
          </span>
        )}
        <span data-kind="place">Village, filled as far as it is confirmed</span>
        <span className="dim with-mouse">Drag to move; Ctrl and the wheel zoom.</span>
      </p>
      {agent && (
        <p className="card">
          <Link to={`/agents/${encodeURIComponent(agent.id)}`}>{agent.name}</Link> · {agent.regionId} ·{' '}
          <Link to={`/deliveries?agent=${encodeURIComponent(agent.id)}&status=pending`}>{counted(open)} to do</Link>
          {position && ` · seen ${agoInWords(position.at, at)}`}
          {day.data && ` · ${counted(day.data.track.length)} positions today`}
          {day.data?.demo === true && <span className="tag">demo</span>}
        </p>
      )}
      {shown.length === 0 && <p className="dim">No agent has said where they are yet.</p>}
    </div>
  );
}
