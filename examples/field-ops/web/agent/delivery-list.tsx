import { useState } from 'react';
import { matches } from '../shared/matches.ts';
import { DeliveryRow } from './delivery-row.tsx';
import type { DeliveryEntry, DeliveryState } from './delivery-state.ts';
import type { Filter } from './filter-tabs.tsx';
import { useLanguage } from './i18n/language.tsx';

const openStates: ReadonlySet<DeliveryState> = new Set(['todo', 'attention']);
/** Rows put on the page at a time: a cheap phone draws these at once. */
const step = 120;

interface DeliveryListProps {
  entries: readonly DeliveryEntry[];
  filter: Exclude<Filter, 'attention'>;
  typed: string;
  /** The operator's day, YYYY-MM-DD. */
  today: string;
  loading: boolean;
  onOpen(id: string): void;
}

export function DeliveryList({ entries, filter, typed, today, loading, onOpen }: DeliveryListProps) {
  const { t } = useLanguage();
  const [most, setMost] = useState(step);
  const inFilter =
    filter === 'all' ? entries : entries.filter(({ state }) => openStates.has(state) === (filter === 'todo'));
  const found = typed === '' ? inFilter : inFilter.filter(({ row }) => matches(typed, row.customerName, row.village));

  if (found.length === 0) {
    const nothing = { all: t.day.nothingHere, todo: t.day.nothingTodo, done: t.day.nothingDone }[filter];
    return <p className="nothing">{loading ? t.day.first : inFilter.length > 0 ? t.day.nothingFound : nothing}</p>;
  }
  return (
    <>
      <ul className="deliveries">
        {found.slice(0, most).map((entry) => (
          <DeliveryRow key={entry.row.id} entry={entry} today={today} onOpen={() => onOpen(entry.row.id)} />
        ))}
      </ul>
      {found.length > most && (
        <button type="button" className="more" onClick={() => setMost(most + step)}>
          {t.day.more}
        </button>
      )}
    </>
  );
}
