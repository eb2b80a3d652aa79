import { useState } from 'react';
import { matches } from '../shared/matches.ts';
import { DeliveryRow } from './delivery-row.tsx';
import { type DeliveryEntry, openStates } from './delivery-state.ts';
import { distanceInWords } from './distance-in-words.ts';
import type { Filter } from './filter-tabs.tsx';
import { useLanguage } from './i18n/language.tsx';
import type { DayStops, Stop } from './places/day-stops.ts';

/** Villages at the same known point: a distance would only say how little is known. */
const samePlaceKm = 0.05;
/** Rows put on the page at a time: a cheap phone draws these at once. */
const step = 120;

interface DeliveryListProps {
  entries: readonly DeliveryEntry[];
  route: DayStops;
  filter: Exclude<Filter, 'attention'>;
  typed: string;
  /** The operator's day, YYYY-MM-DD. */
  today: string;
  loading: boolean;
  onOpen(id: string): void;
}

/** What is to be done, village by village in the order of the route; then what is done. */
export function DeliveryList({ entries, route, filter, typed, today, loading, onOpen }: DeliveryListProps) {
  const { t } = useLanguage();
  const [most, setMost] = useState(step);
  const fits = ({ row }: DeliveryEntry) => typed === '' || matches(typed, row.customerName, row.village);
  const stops = filter === 'done' ? [] : route.stops.map((stop) => ({ ...stop, entries: stop.entries.filter(fits) }));
  const done = filter === 'todo' ? [] : entries.filter((entry) => !openStates.has(entry.state));
  const doneFound = done.filter(fits);
  const found = stops.reduce((sum, stop) => sum + stop.entries.length, doneFound.length);

  if (found === 0) {
    const inFilter = filter === 'done' ? done.length : filter === 'all' ? entries.length : route.stops.length;
    const nothing = { all: t.day.nothingHere, todo: t.day.nothingTodo, done: t.day.nothingDone }[filter];
    return <p className="nothing">{loading ? t.day.first : inFilter > 0 ? t.day.nothingFound : nothing}</p>;
  }
  let room = most;
  const take = (from: readonly DeliveryEntry[], showVillage: boolean) => {
    const taken = from.slice(0, Math.max(0, room));
    room -= taken.length;
    return taken.map((entry) => (
      <DeliveryRow key={entry.row.id} {...{ entry, today, showVillage }} onOpen={() => onOpen(entry.row.id)} />
    ));
  };
  return (
    <>
      {stops.map((stop, at) => {
        const rows = take(stop.entries, false);
        return (
          rows.length > 0 && (
            <section key={stop.key} aria-labelledby={`stop-${at}`}>
              <StopHead stop={stop} at={at} />
              <ul className="deliveries">{rows}</ul>
            </section>
          )
        );
      })}
      {doneFound.length > 0 && room > 0 && (
        <section aria-labelledby="done">
          <h2 id="done" className="stop">
            <span>{t.day.done}</span>
          </h2>
          <ul className="deliveries">{take(doneFound, true)}</ul>
        </section>
      )}
      {found > most && (
        <button type="button" className="more" onClick={() => setMost(most + step)}>
          {t.day.more}
        </button>
      )}
    </>
  );
}

function StopHead({ stop, at }: { stop: Stop; at: number }) {
  const { t } = useLanguage();
  return (
    <h2 className="stop" id={`stop-${at}`}>
      <span className="stop-no">{at + 1}</span>
      <span>{stop.village}</span>
      <span className="dim">
        {stop.kilometres === null || stop.kilometres < samePlaceKm
          ? stop.place
            ? ''
            : t.route.unknown
          : t.route.about(distanceInWords(stop.kilometres))}
      </span>
    </h2>
  );
}
