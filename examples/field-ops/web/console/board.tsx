import { useDeferredValue, useMemo, useState } from 'react';
import { DeliveryDialog } from './delivery-dialog.tsx';
import { everything, fitting, totalsByStatus } from './delivery-filter.ts';
import { latestFirst, ordered } from './delivery-order.ts';
import { DeliveryTable } from './delivery-table.tsx';
import { Filters } from './filters.tsx';
import { useFeed } from './frame/console-context.ts';
import { Totals } from './totals.tsx';

/** The day at a glance, and every delivery of it. */
export function Board() {
  const state = useFeed();
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
    <div className="board screen">
      <h1 className="unseen">Today</h1>
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
