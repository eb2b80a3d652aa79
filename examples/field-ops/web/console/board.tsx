import { useDeferredValue, useMemo, useState, useSyncExternalStore } from 'react';
import { AccountButton } from './account-button.tsx';
import { DeliveryDialog } from './delivery-dialog.tsx';
import { everything, fitting, totalsByStatus } from './delivery-filter.ts';
import { latestFirst, ordered } from './delivery-order.ts';
import { DeliveryTable } from './delivery-table.tsx';
import { Filters } from './filters.tsx';
import type { LiveFeed } from './live-feed.ts';
import { LineState } from './line-state.tsx';
import type { OfficeSession } from './office-session.ts';
import { regionsInWords } from './sign-in.tsx';
import { Totals } from './totals.tsx';

/** The day at a glance, and every delivery of it. */
export function Board({ feed, session }: { feed: LiveFeed; session: OfficeSession }) {
  const { account } = session;
  const state = useSyncExternalStore(feed.subscribe, feed.get);
  const [filter, setFilter] = useState(everything);
  const [order, setOrder] = useState(latestFirst);
  const [openId, setOpenId] = useState<string | null>(null);
  // Typing stays quick while thousands of rows are gone through.
  const applied = useDeferredValue(filter);

  const { deliveries, agents } = state;
  const found = useMemo(() => fitting(deliveries, applied, agents), [deliveries, applied, agents]);
  const totals = useMemo(() => totalsByStatus(found), [found]);
  const listed = useMemo(() => {
    const withStatus = applied.status === '' ? found : found.filter(({ status }) => status === applied.status);
    return ordered(withStatus, order, agents);
  }, [found, applied.status, order, agents]);
  const open = openId === null ? undefined : deliveries.find(({ id }) => id === openId);

  return (
    <div className="board">
      <header className="top">
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="32" height="32" />
        <div>
          <h1>{account.operator}</h1>
          <p className="dim">{regionsInWords(account.regions)}</p>
        </div>
        <LineState line={state.line} updatedAt={state.updatedAt} />
        <AccountButton session={session} />
      </header>
      <main>
        <Totals totals={totals} chosen={filter.status} onChoose={(status) => setFilter({ ...filter, status })} />
        <Filters filter={filter} deliveries={deliveries} agents={agents} onChange={setFilter} />
        <p className="found" aria-live="polite">
          {state.line === 'loading' && deliveries.length === 0
            ? 'Loading the day…'
            : `${listed.length.toLocaleString('en-IN')} of ${deliveries.length.toLocaleString('en-IN')} deliveries`}
        </p>
        <DeliveryTable
          rows={listed}
          agents={agents}
          changedAt={state.changedAt}
          order={order}
          onOrder={setOrder}
          onOpen={setOpenId}
        />
      </main>
      {open && (
        <DeliveryDialog
          row={open}
          agent={agents.get(open.agentId)}
          position={state.positions.get(open.agentId)}
          onClose={() => setOpenId(null)}
        />
      )}
    </div>
  );
}
