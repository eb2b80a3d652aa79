import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { DeliveryHistory } from '../../../src/record-answers.ts';
import { timeFormat } from '../../shared/india-time.ts';
import { mfiName } from '../../shared/mfi.ts';
import { now } from '../../shared/platform.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { failureInWords } from '../failure-in-words.ts';
import { Asked } from '../frame/asked.tsx';
import { useConsole, useFeed } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { JsonView } from '../frame/json-view.tsx';
import { Link } from '../frame/router.tsx';
import { momentInWords } from '../frame/units.ts';
import { StatusLabel } from '../status-label.tsx';
import { kindInWords } from '../status-words.ts';
import { DeliveryActions } from './delivery-actions.tsx';
import { timelineOf } from './timeline.ts';

const time = timeFormat('en');

/** One delivery with everything that ever happened to it. */
export function DeliveryScreen({ id }: { id: string }) {
  const { api } = useConsole();
  const { deliveries } = useFeed();
  const query = useQuery({
    queryKey: ['delivery', id],
    queryFn: ({ signal }) => api.get(`/api/v1/records/deliveries/${encodeURIComponent(id)}`, DeliveryHistory, signal),
  });
  const { refetch, data } = query;
  const live = deliveries.find((row) => row.id === id);
  const shown = data?.delivery;
  const moved =
    live !== undefined && shown !== undefined && (live.status !== shown.status || live.agentId !== shown.agentId);
  useEffect(() => {
    if (moved) void refetch();
  }, [moved, refetch]);

  return (
    <div className="screen">
      <p className="crumbs">
        <Link to="/deliveries">Deliveries</Link> / {id}
      </p>
      <Asked query={query}>
        {(history) => (
          <>
            <Head history={history} />
            <DeliveryActions delivery={history.delivery} onDone={() => void refetch()} />
            <div className="two">
              <Facts history={history} />
              <Story history={history} />
            </div>
          </>
        )}
      </Asked>
    </div>
  );
}

function Head({ history: { delivery } }: { history: DeliveryHistory }) {
  return (
    <div className="screen-top">
      <h1>{delivery.customerName}</h1>
      <StatusLabel status={delivery.status} />
      <strong className="headline">{formatRupees(delivery.amountPaise)}</strong>
      <span className="dim">
        {kindInWords(delivery.kind)} · {mfiName(delivery.mfiId)}
      </span>
    </div>
  );
}

function Facts({ history: { delivery, disbursement } }: { history: DeliveryHistory }) {
  return (
    <section className="card" aria-labelledby="facts">
      <h2 id="facts">Facts</h2>
      <dl>
        <Fact name="Loan">
          {delivery.loanId}
          {delivery.instalmentNo !== null && ` · instalment ${delivery.instalmentNo}`}
        </Fact>
        <Fact name="Village">
          {delivery.village} {delivery.pincode} ({delivery.regionId})
        </Fact>
        <Fact name="Customer’s phone">{delivery.customerPhone}</Fact>
        <Fact name="Agent">
          <Link to={`/agents/${encodeURIComponent(delivery.agentId)}`}>{delivery.agentName}</Link>
        </Fact>
        <Fact name="Due">{time.day(delivery.dueOn)}</Fact>
        {delivery.confirmedAt !== null && <Fact name="Confirmed">{time.at(delivery.confirmedAt, now())}</Fact>}
        {delivery.receiptNo !== null && <Fact name="Receipt no.">{delivery.receiptNo}</Fact>}
        {delivery.failReason !== null && <Fact name="Reason">{failureInWords(delivery.failReason)}</Fact>}
        {disbursement && <Fact name="Disbursement">{`${disbursement.id} · ${disbursement.status}`}</Fact>}
      </dl>
    </section>
  );
}

function Story({ history }: { history: DeliveryHistory }) {
  const events = timelineOf(history);
  return (
    <section className="card" aria-labelledby="history">
      <h2 id="history">History</h2>
      {events.length === 0 && <p className="dim">Nothing has happened to it yet.</p>}
      <ol className="timeline" data-testid="timeline">
        {events.map(({ id, at, tone, title, who, facts, receipt }) => (
          <li key={id} data-tone={tone}>
            <p className="timeline-head">
              <strong>{title}</strong> <span>{who}</span> <time dateTime={at}>{momentInWords(at)}</time>
            </p>
            <dl className="pairs">
              {facts.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? momentInWords(value) : value}</dd>
                </div>
              ))}
            </dl>
            {receipt && (
              <details>
                <summary>What was sent, under the key {receipt.key}</summary>
                <JsonView value={receipt.args} label="Arguments" />
              </details>
            )}
          </li>
        ))}
      </ol>
      {history.messages === null && (
        <p className="dim">Messages are kept here once the worker that sends them is set up.</p>
      )}
    </section>
  );
}
