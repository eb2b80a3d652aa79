import { useQuery } from '@tanstack/react-query';
import { AgentDay, type ListedAgent } from '../../../src/record-answers.ts';
import { timeFormat } from '../../shared/india-time.ts';
import { now } from '../../shared/platform.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { Asked } from '../frame/asked.tsx';
import { useAdministers, useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { Link, useQueryString } from '../frame/router.tsx';
import { agoInWords, counted, momentInWords } from '../frame/units.ts';
import { PlotMap } from '../map/plot-map.tsx';
import { BankAccount } from './bank-account.tsx';
import { PhoneCard } from './phone-card.tsx';

const time = timeFormat('en');

/** One agent: the day's work, the cash, the phones, the way. */
export function AgentScreen({ id }: { id: string }) {
  const { api } = useConsole();
  const administers = useAdministers();
  const [parameters, change] = useQueryString();
  const day = parameters.get('day') ?? '';
  const query = useQuery({
    queryKey: ['agent', id, day],
    queryFn: ({ signal }) =>
      api.get(`/api/v1/records/agents/${encodeURIComponent(id)}${day === '' ? '' : `?day=${day}`}`, AgentDay, signal),
    refetchInterval: 30_000,
  });
  return (
    <div className="screen">
      <p className="crumbs">
        <Link to="/agents">Agents & phones</Link> / {id}
      </p>
      <Asked query={query}>
        {({ agent, day: shown, track, demo }) => (
          <>
            <div className="screen-top">
              <h1>{agent.name}</h1>
              <span className="dim">
                {agent.id} · {agent.regionId} · {agent.phone}
              </span>
            </div>
            <div className="two">
              <div className="stack">
                <Numbers agent={agent} />
                {administers && <BankAccount agentId={agent.id} />}
                <section className="stack" aria-label="Phones">
                  {agent.phones.length === 0 && <p className="card dim">No phone has signed in as this agent.</p>}
                  {agent.phones.map((phone) => (
                    <PhoneCard key={phone.id} phone={phone} onChanged={() => void query.refetch()} />
                  ))}
                </section>
              </div>
              <section className="card" aria-labelledby="way">
                <div className="card-top">
                  <h2 id="way">The day’s way</h2>
                  {demo && <span className="tag">made up, for the demo day</span>}
                  <input
                    type="date"
                    aria-label="Day"
                    value={shown}
                    onChange={(event) => change({ day: event.target.value })}
                  />
                </div>
                <PlotMap
                  label={`Where ${agent.name} was`}
                  height={340}
                  marks={agent.position ? [{ ...agent.position, id: agent.id, name: agent.name, kind: 'agent' }] : []}
                  line={track}
                />
                <p className="dim">
                  {track.length === 0
                    ? 'No positions of this day.'
                    : `${counted(track.length)} positions, from ${momentInWords(track[0]?.at ?? '')} on.`}
                </p>
              </section>
            </div>
          </>
        )}
      </Asked>
    </div>
  );
}

function Numbers({ agent }: { agent: ListedAgent }) {
  return (
    <section className="card" aria-labelledby="numbers">
      <h2 id="numbers">Work and cash</h2>
      <dl>
        <Fact name="To do">
          <Link to={`/deliveries?agent=${encodeURIComponent(agent.id)}&status=pending`}>{counted(agent.open)}</Link>
          {agent.overdue > 0 && ` · ${counted(agent.overdue)} overdue`}
        </Fact>
        <Fact name="Confirmed">{counted(agent.confirmed)}</Fact>
        <Fact name="Not delivered">{counted(agent.failed)}</Fact>
        <Fact name="Cash in hand">{formatRupees(agent.cashPaise)}</Fact>
        <Fact name="Last day closed">{agent.closedDay === null ? 'none' : time.day(agent.closedDay)}</Fact>
        <Fact name="Last seen">{agent.lastSeenAt === null ? 'never' : agoInWords(agent.lastSeenAt, now())}</Fact>
        {agent.position && (
          <Fact name="Last position">
            {agoInWords(agent.position.at, now())} at {agent.position.lat.toFixed(4)}, {agent.position.lng.toFixed(4)}{' '}
            (±
            {Math.round(agent.position.accuracyM)} m)
          </Fact>
        )}
      </dl>
    </section>
  );
}
