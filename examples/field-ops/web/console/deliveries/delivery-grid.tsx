import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { ListedDelivery } from '../../../src/record-answers.ts';
import { now } from '../../shared/platform.ts';
import { isKnown } from '../status-words.ts';
import { useNarrow } from '../use-narrow.ts';
import type { Column } from './columns.tsx';

/** Heights are those of list.css, in px. */
const rowHeight = { wide: 38, narrow: 100 };
const freshFor = 4_000;

interface DeliveryGridProps {
  rows: readonly ListedDelivery[];
  columns: readonly Column[];
  sort: string;
  onSort(sort: string): void;
  chosen: ReadonlyMap<string, ListedDelivery>;
  /** Undefined for who can do nothing to them. */
  onChoose: ((rows: readonly ListedDelivery[], chosen: boolean) => void) | undefined;
  changedAt: ReadonlyMap<string, number>;
  /** Called when the end comes into sight. */
  onEnd(): void;
}

/** Only the rows in sight are on the page; pages are asked for as somebody scrolls. */
export function DeliveryGrid({ rows, columns, sort, onSort, chosen, onChoose, changedAt, onEnd }: DeliveryGridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useNarrow() ? rowHeight.narrow : rowHeight.wide;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 20) onEnd();
  }, [last, rows.length, onEnd]);
  // Nothing without boxes, but there: list.css counts on it.
  const template = `${onChoose ? 26 : 0}px ${columns.map(({ width }) => width).join(' ')}`;
  const rendered = now();
  const open = rows.filter(isKnown);
  const all = open.length > 0 && open.every(({ id }) => chosen.has(id));

  return (
    <div
      className="table grid"
      ref={scroller}
      tabIndex={0}
      role="table"
      aria-label="Deliveries"
      data-choosable={onChoose !== undefined}
      aria-rowcount={rows.length + 1}
    >
      <div className="row head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
        <span role="columnheader">
          {onChoose && (
            <input
              type="checkbox"
              aria-label="Choose all that are loaded"
              checked={all}
              onChange={(event) => onChoose(open, event.target.checked)}
            />
          )}
        </span>
        {columns.map((column) => (
          <Head key={column.id} column={column} sort={sort} onSort={onSort} />
        ))}
      </div>
      <div className="rows" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, key }) => {
          const row = rows[index];
          if (!row) return null;
          return (
            <div
              key={key}
              className="row"
              role="row"
              aria-rowindex={index + 2}
              data-testid="delivery"
              data-id={row.id}
              data-status={row.status}
              data-fresh={rendered - (changedAt.get(row.id) ?? 0) < freshFor}
              data-chosen={chosen.has(row.id)}
              style={{ height, transform: `translateY(${start}px)`, gridTemplateColumns: template }}
            >
              <span role="cell">
                {onChoose && isKnown(row) && (
                  <input
                    type="checkbox"
                    aria-label={`Choose ${row.customerName}`}
                    checked={chosen.has(row.id)}
                    onChange={(event) => onChoose([row], event.target.checked)}
                  />
                )}
              </span>
              {columns.map(({ id, align, cell }) => (
                <span key={id} role="cell" className={`cell-${id} ${align === 'right' ? 'amount' : ''}`}>
                  {cell(row, rendered)}
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Head({ column, sort, onSort }: { column: Column; sort: string; onSort(sort: string): void }) {
  const { title, sort: by, align } = column;
  const className = align === 'right' ? 'amount' : '';
  if (by === undefined)
    return (
      <span role="columnheader" className={className}>
        {title}
      </span>
    );
  const direction = sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : 'none';
  return (
    <span role="columnheader" className={className} aria-sort={direction}>
      <button type="button" className="link" onClick={() => onSort(direction === 'ascending' ? `-${by}` : by)}>
        {title}
        <span aria-hidden="true">{direction === 'ascending' ? ' ↑' : direction === 'descending' ? ' ↓' : ''}</span>
      </button>
    </span>
  );
}
