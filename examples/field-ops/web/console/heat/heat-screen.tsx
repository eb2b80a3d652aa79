import { useQuery } from '@tanstack/react-query';
import { Density, type TrafficKind } from '../../../src/record-answers.ts';
import { timeFormat } from '../../shared/india-time.ts';
import { Asked } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { useQueryString } from '../frame/router.tsx';
import { counted } from '../frame/units.ts';
import { heatGrid } from './heat-grid.ts';
import { HeatPicture } from './heat-picture.tsx';
import { peakWindows } from './peaks.ts';

const kinds: readonly (readonly [TrafficKind, string])[] = [
  ['sync', 'Sync requests'],
  ['confirmed', 'Confirmations'],
  ['failed', 'Failures'],
];
const day = timeFormat('en');

/** When the field is at work: by weekday and hour. */
export function HeatScreen() {
  const { api } = useConsole();
  const [query, change] = useQueryString();
  const kind = kinds.find(([id]) => id === query.get('kind'))?.[0] ?? 'sync';
  const asked = new URLSearchParams();
  for (const name of ['region', 'week']) {
    const value = query.get(name);
    if (value !== null) asked.set(name, value);
  }
  const density = useQuery({
    queryKey: ['density', asked.toString()],
    queryFn: ({ signal }) => api.get(`/api/v1/records/density?${asked}`, Density, signal),
    placeholderData: (before) => before,
    refetchInterval: 60_000,
  });
  return (
    <div className="screen heat">
      <div className="screen-top">
        <h1>Heat map</h1>
        <div className="tabs" role="group" aria-label="What is counted">
          {kinds.map(([id, title]) => (
            <button
              key={id}
              type="button"
              aria-pressed={kind === id}
              onClick={() => change({ kind: id === 'sync' ? null : id })}
            >
              {title}
            </button>
          ))}
        </div>
      </div>
      <Asked query={density}>
        {(data) => (
          <>
            <form className="filters" onSubmit={(event) => event.preventDefault()}>
              <label>
                <span>Region</span>
                <select
                  value={query.get('region') ?? ''}
                  data-chosen={query.has('region')}
                  onChange={(event) => change({ region: event.target.value })}
                >
                  <option value="">All</option>
                  {data.regions.map((region) => (
                    <option key={region}>{region}</option>
                  ))}
                </select>
              </label>
              <label>
                <span>Week</span>
                <select
                  value={query.get('week') ?? ''}
                  data-chosen={query.has('week')}
                  onChange={(event) => change({ week: event.target.value })}
                >
                  <option value="">Mean of the last 8 weeks</option>
                  {data.weeks.map((monday) => (
                    <option key={monday} value={monday}>
                      Week of {day.day(monday)}
                    </option>
                  ))}
                </select>
              </label>
            </form>
            <Findings data={data} kind={kind} />
          </>
        )}
      </Asked>
    </div>
  );
}

function Findings({ data, kind }: { data: Density; kind: TrafficKind }) {
  const grid = heatGrid(data, kind);
  const peaks = peakWindows(grid.byHour);
  const title = kinds.find(([id]) => id === kind)?.[1] ?? '';
  const share = peaks.reduce((sum, peak) => sum + peak.share, 0);
  const spans = peaks.map(({ from, to }) => `${from}:00 to ${to}:00`);
  return (
    <section className="card heat-card" aria-labelledby="heat-title">
      <div className="card-top">
        <h2 id="heat-title">{title} by weekday and hour</h2>
        <span className="dim">{counted(grid.total)} in all · hours of India</span>
        {data.demo && (
          <span className="tag" data-testid="demo-data">
            Demo data: made up, up to yesterday
          </span>
        )}
      </div>
      {grid.total === 0 ? (
        <p className="nothing">Nothing was counted here yet.</p>
      ) : (
        <>
          <p data-testid="peaks">
            {peaks.length === 0
              ? 'No hours stand out.'
              : `${spans.join(' and ')} stand out: ${Math.round(share * 100)} % of the work is in these hours.`}
          </p>
          <HeatPicture grid={grid} peaks={peaks} title={title} />
        </>
      )}
    </section>
  );
}
