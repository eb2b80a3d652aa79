import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { timeFormat } from '../shared/india-time.ts';
import { mfiName } from '../shared/mfi.ts';
import { now } from '../shared/platform.ts';
import { formatRupees } from '../shared/rupees.ts';
import type { Agents } from './delivery-filter.ts';
import type { Column, Order } from './delivery-order.ts';
import type { DeliveryRow } from './scoped-rows.ts';
import { StatusLabel } from './status-label.tsx';
import { kindWords } from './status-words.ts';
import { useNarrow } from './use-narrow.ts';

const columns: readonly (readonly [Column, string])[] = [
  ['status', 'Status'],
  ['customerName', 'Customer'],
  ['village', 'Village'],
  ['regionId', 'Region'],
  ['agent', 'Agent'],
  ['kind', 'Kind'],
  ['amountPaise', 'Amount'],
  ['confirmedAt', 'Confirmed'],
];

/** Heights are those of console.css, in px. */
const rowHeight = { wide: 44, narrow: 104 };
/** How long a changed row stands out, in milliseconds. */
const freshFor = 4_000;
const time = timeFormat('en');

interface DeliveryTableProps {
  rows: readonly DeliveryRow[];
  agents: Agents;
  changedAt: ReadonlyMap<string, number>;
  order: Order;
  onOrder(order: Order): void;
  onOpen(id: string): void;
}

/** Only the rows in sight are on the page, so that a hundred thousand scroll like ten. */
export function DeliveryTable({ rows, agents, changedAt, order, onOrder, onOpen }: DeliveryTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useNarrow() ? rowHeight.narrow : rowHeight.wide;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
  });
  const rendered = now();

  return (
    <div
      className="table"
      ref={scroller}
      tabIndex={0}
      role="table"
      aria-label="Deliveries"
      aria-rowcount={rows.length + 1}
    >
      <div className="row head" role="row" aria-rowindex={1}>
        {columns.map(([column, words]) => (
          <ColumnHead key={column} column={column} words={words} order={order} onOrder={onOrder} />
        ))}
        <span role="columnheader">Receipt no.</span>
      </div>
      <div className="rows" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const row = rows[index];
          if (!row) return null;
          return (
            <div
              key={key}
              className="row"
              role="row"
              aria-rowindex={index + 2}
              data-testid="console-row"
              data-id={row.id}
              data-status={row.status}
              data-fresh={rendered - (changedAt.get(row.id) ?? 0) < freshFor}
              style={{ height, transform: `translateY(${start}px)` }}
              onClick={() => onOpen(row.id)}
            >
              <span role="cell">
                <StatusLabel status={row.status} />
              </span>
              <span role="cell" className="customer">
                <button type="button" className="link" onClick={() => onOpen(row.id)}>
                  {row.customerName}
                </button>
              </span>
              <span role="cell">{row.village}</span>
              <span role="cell" className="wide-only">
                {row.regionId}
              </span>
              <span role="cell">{agents.get(row.agentId)?.name ?? row.agentId}</span>
              <span role="cell" className="dim">
                {kindWords[row.kind]} · {mfiName(row.mfiId)}
              </span>
              <span role="cell" className="amount">
                {formatRupees(row.amountPaise)}
              </span>
              <span role="cell">{row.confirmedAt === null ? '' : time.at(row.confirmedAt, rendered)}</span>
              <span role="cell" className="receipt">
                {row.receiptNo}
              </span>
            </div>
          );
        })}
      </div>
      {rows.length === 0 && <p className="nothing">No delivery fits these filters.</p>}
    </div>
  );
}

interface ColumnHeadProps {
  column: Column;
  words: string;
  order: Order;
  onOrder(order: Order): void;
}

function ColumnHead({ column, words, order, onOrder }: ColumnHeadProps) {
  const chosen = order.by === column;
  const sorted = chosen ? (order.desc ? 'descending' : 'ascending') : 'none';
  return (
    <span role="columnheader" aria-sort={sorted} className={column === 'amountPaise' ? 'amount' : ''}>
      <button
        type="button"
        className="link"
        onClick={() => onOrder({ by: column, desc: chosen ? !order.desc : false })}
      >
        {words}
        <span aria-hidden="true">{chosen ? (order.desc ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </span>
  );
}
