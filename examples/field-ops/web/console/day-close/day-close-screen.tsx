import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import {
  type AgentClose,
  AgentCloses,
  dayStates,
  type DayState,
  type RegionClose,
  RegionCloses,
} from '../../../src/day-close-answers.ts';
import { indiaDay } from '../../../src/india-day.ts';
import { timeFormat } from '../../shared/india-time.ts';
import { now } from '../../shared/platform.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { ExportButton } from '../exports/export-button.tsx';
import { readDay } from '../frame/address.ts';
import { Asked } from '../frame/asked.tsx';
import { Choice } from '../frame/choice.tsx';
import { useConsole } from '../frame/console-context.ts';
import { type Column, DataTable } from '../frame/data-table.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { counted } from '../frame/units.ts';
import { usePages, withQuery } from '../frame/use-pages.ts';

const time = timeFormat('en');
const stateWords: Readonly<Record<DayState, string>> = {
  fits: 'Fits',
  differs: 'Differs',
  open: 'Not closed',
  idle: 'Nothing to do',
};
const tones: Readonly<Record<DayState, string | undefined>> = {
  ...{ fits: 'good', differs: 'attention', open: undefined, idle: undefined },
};

/** Who has closed the day, and whether what was counted is what the ledger has. */
export function DayCloseScreen() {
  const { api } = useConsole();
  const [query, change] = useQueryString();
  const today = indiaDay(now());
  const date = readDay(query.get('date')) ?? today;
  const [region, state] = [query.get('region') ?? '', query.get('state') ?? ''];
  const regions = useQuery({
    queryKey: ['day-close', date],
    queryFn: ({ signal }) => api.get(`/api/v1/day-close/regions?date=${date}`, RegionCloses, signal),
    refetchInterval: 30_000,
  });
  const { pages, list } = usePages(
    withQuery('/api/v1/day-close/agents', { date, region, state, limit: '100' }),
    AgentCloses,
    30_000,
  );
  const agents = pages.flatMap((page) => page.agents);
  const names = (regions.data?.regions ?? []).map(({ regionId }) => regionId).filter((id) => id !== '');
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Day close</h1>
        <form className="filters" onSubmit={(event) => event.preventDefault()}>
          <label>
            <span>Day</span>
            <input
              type="date"
              name="date"
              value={date}
              onChange={(event) => change({ date: event.target.value === today ? null : event.target.value })}
            />
          </label>
          <Choice
            title="Region"
            name="region"
            value={region}
            options={names.map((id) => [id, id] as const)}
            onChange={(chosen) => change({ region: chosen })}
          />
          <Choice
            title="State"
            name="state"
            value={state}
            options={dayStates.map((id) => [id, stateWords[id]] as const)}
            onChange={(chosen) => change({ state: chosen })}
          />
          <ExportButton
            kind="day-closings"
            filters={{ from: date, to: date, ...(region === '' ? {} : { region }) }}
            what={`What agents counted on ${time.day(date)}, beside the ledger${region === '' ? '' : `, in ${region}`}`}
          />
        </form>
      </div>
      <Asked query={regions}>
        {({ regions: found }) => (
          <DataTable label="Regions" columns={regionColumns} rows={found} keyOf={({ regionId }) => regionId} />
        )}
      </Asked>
      {agents.length > 0 && (
        <DataTable
          label="Agents"
          columns={agentColumns}
          rows={agents}
          keyOf={({ agentId }) => agentId}
          testId="agent-close"
        />
      )}
      <PagesEnd
        list={list}
        count={agents.length}
        empty="No agent fits. Choose another day, or take a filter away."
        more="More agents"
      />
    </div>
  );
}

const regionColumns: readonly Column<RegionClose>[] = [
  { title: 'Region', cell: ({ regionId }) => regionId || 'none: agents deleted' },
  { title: 'Agents', amount: true, cell: ({ agents }) => counted(agents) },
  { title: 'Fit', amount: true, cell: ({ fits }) => counted(fits) },
  {
    title: 'Differ',
    amount: true,
    cell: ({ differs }) =>
      differs > 0 ? (
        <span className="tag" data-tone="attention">
          {counted(differs)}
        </span>
      ) : (
        '0'
      ),
  },
  { title: 'Not closed', amount: true, cell: ({ open }) => counted(open) },
  { title: 'Still to do', amount: true, cell: ({ pending }) => counted(pending) },
  { title: 'Collected', amount: true, cell: ({ ledgerCollectedPaise }) => formatRupees(ledgerCollectedPaise) },
  { title: 'Paid out', amount: true, cell: ({ ledgerDisbursedPaise }) => formatRupees(ledgerDisbursedPaise) },
  { title: 'Cash in hand', amount: true, cell: ({ cashPaise }) => formatRupees(cashPaise) },
];

const agentColumns: readonly Column<AgentClose>[] = [
  {
    title: 'Agent',
    cell: ({ agentId, name }) => (
      <>
        <Link to={`/agents/${encodeURIComponent(agentId)}`}>{name}</Link> <span className="dim">{agentId}</span>
      </>
    ),
  },
  {
    title: 'Day',
    cell: ({ state, late }) => (
      <>
        <span className="tag" data-tone={tones[state]}>
          {stateWords[state]}
        </span>
        {late !== null && late > 0 && (
          <span className="under">
            <span className="tag">{counted(late)} came late</span>
          </span>
        )}
      </>
    ),
  },
  { title: 'Closed', cell: ({ closedAt }) => (closedAt === null ? '' : time.at(closedAt, now())) },
  { title: 'Collected', amount: true, cell: (day) => beside(day.countedCollectedPaise, day.ledgerCollectedPaise) },
  { title: 'Paid out', amount: true, cell: (day) => beside(day.countedDisbursedPaise, day.ledgerDisbursedPaise) },
  { title: 'Entries', amount: true, cell: ({ ledgerCount }) => counted(ledgerCount) },
  {
    title: 'Difference',
    amount: true,
    cell: ({ collectedDifferencePaise: collected, disbursedDifferencePaise: disbursed, countDifference }) =>
      [
        collected !== null && collected !== 0 && `collected ${signed(collected)}`,
        disbursed !== null && disbursed !== 0 && `paid out ${signed(disbursed)}`,
        countDifference !== null &&
          countDifference !== 0 &&
          `${countDifference > 0 ? '+' : '−'}${Math.abs(countDifference)} ${Math.abs(countDifference) === 1 ? 'entry' : 'entries'}`,
      ]
        .filter((words) => words !== false)
        .map((words) => (
          <span key={words} className="under">
            {words}
          </span>
        )),
  },
  { title: 'Still to do', amount: true, cell: ({ pending }) => counted(pending) },
  { title: 'Cash in hand', amount: true, cell: ({ cashPaise }) => formatRupees(cashPaise) },
];

/** What the ledger has; and what was counted, when that is something else. */
function beside(countedPaise: number | null, ledgerPaise: number): ReactNode {
  if (countedPaise === null || countedPaise === ledgerPaise) return formatRupees(ledgerPaise);
  return (
    <>
      {formatRupees(ledgerPaise)}
      <span className="under dim">{formatRupees(countedPaise)} counted</span>
    </>
  );
}

function signed(paise: number): string {
  // A word joiner: the sign stays on the line of its amount.
  return `${paise > 0 ? '+' : '−'}\u2060${formatRupees(Math.abs(paise))}`;
}
