import { kilometresBetween, planRoute, type Point } from '../../../src/day-route.ts';
import type { DeliveryEntry } from '../delivery-state.ts';
import { type KnownPlace, villageKey } from './known-places.ts';

/** A village with something to do, in the order of the route. */
export interface Stop {
  readonly key: string;
  readonly village: string;
  /** Undefined where nobody knows: such stops come last. */
  readonly place: KnownPlace | undefined;
  readonly entries: readonly DeliveryEntry[];
  /** From the stop before, or from where the agent was when the route was planned; null where either is not known. */
  readonly kilometres: number | null;
}

export interface DayStops {
  readonly stops: readonly Stop[];
  readonly kilometres: number;
}

/** Puts what is to be done into the order of a short way through its villages. Needs no network. */
export function dayStops(
  todo: readonly DeliveryEntry[],
  places: ReadonlyMap<string, KnownPlace>,
  start: Point | undefined,
): DayStops {
  const byVillage = new Map<string, DeliveryEntry[]>();
  for (const entry of todo) {
    const key = villageKey(entry.row);
    byVillage.set(key, [...(byVillage.get(key) ?? []), entry]);
  }
  const placed: { place: KnownPlace; key: string; entries: DeliveryEntry[] }[] = [];
  const lost: Stop[] = [];
  for (const [key, entries] of [...byVillage].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const place = places.get(key);
    const village = entries[0]?.row.village ?? key;
    if (place) placed.push({ place, key, entries });
    else lost.push({ key, village, place, entries, kilometres: null });
  }
  const order = planRoute(
    placed.map(({ place }) => place),
    start,
  );
  let before = start;
  let whole = 0;
  const stops: Stop[] = order.flatMap((at) => {
    const stop = placed[at];
    if (!stop) return [];
    const kilometres = before ? kilometresBetween(before, stop.place) : null;
    before = stop.place;
    whole += kilometres ?? 0;
    return [{ ...stop, village: stop.place.village, kilometres }];
  });
  return { stops: [...stops, ...lost], kilometres: whole };
}
