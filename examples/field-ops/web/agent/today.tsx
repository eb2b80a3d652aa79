import { useRef, useState } from 'react';
import { AttentionList } from './attention-list.tsx';
import type { AgentClient } from './client.ts';
import { DeliveryList } from './delivery-list.tsx';
import { openStates } from './delivery-state.ts';
import { type Filter, FilterTabs } from './filter-tabs.tsx';
import { useLanguage } from './i18n/language.tsx';
import type { PlannedDay } from './places/use-day-stops.ts';
import type { Work } from './use-work.ts';

interface TodayProps {
  client: AgentClient;
  work: Work;
  route: PlannedDay;
  filter: Filter;
  /** The operator's day, YYYY-MM-DD. */
  today: string;
  loading: boolean;
  onFilter(filter: Filter): void;
  onOpen(id: string): void;
}

/** The day's deliveries in the order of the route, what this phone did to them, and what needs attention. */
export function Today({ client, work, route, filter, today, loading, onFilter, onOpen }: TodayProps) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState('');
  const listTop = useRef<HTMLDivElement>(null);
  const { entries, refusals, rows } = work;
  const todo = entries.filter(({ state }) => openStates.has(state)).length;
  return (
    <>
      <div ref={listTop}>
        <FilterTabs
          chosen={filter}
          counts={{ all: entries.length, todo, done: entries.length - todo, attention: refusals.length }}
          onChoose={(chosen) => {
            onFilter(chosen);
            listTop.current?.scrollIntoView({ block: 'nearest' });
          }}
        />
      </div>
      {filter === 'attention' ? (
        <AttentionList client={client} refusals={refusals} rows={rows} onOpen={onOpen} />
      ) : (
        <>
          <label className="field search">
            <span className="unseen">{t.day.search}</span>
            <input
              type="search"
              autoComplete="off"
              placeholder={t.day.search}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
          <DeliveryList key={filter} {...{ entries, route, filter, typed, today, loading, onOpen }} />
        </>
      )}
    </>
  );
}
