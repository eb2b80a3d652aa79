import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Point } from '../../../src/day-route.ts';
import { durablePlace } from '../../shared/durable-place.ts';
import type { AgentSession } from '../agent-session.ts';
import type { DeliveryEntry } from '../delivery-state.ts';
import { whereIfKnown } from '../where.ts';
import { type DayStops, dayStops } from './day-stops.ts';
import { KnownPlaces, villageKey } from './known-places.ts';

export interface PlannedDay extends DayStops {
  /** Where the agent was when the route was planned. */
  readonly start: Point | undefined;
  /** Plans it again from where the agent is now, if that is known. */
  planAgain(): void;
}

/** The day's route, planned on the phone. It stays as it is while the agent moves, and changes with what is to be done. */
export function useDayStops(
  session: AgentSession,
  todo: readonly DeliveryEntry[],
  syncedAt: string | null,
): PlannedDay {
  const { tenant, sub } = session.account;
  const [places, setPlaces] = useState<KnownPlaces | null>(null);
  const [start, setStart] = useState<Point | undefined>();
  const locate = () => void whereIfKnown().then((here) => here && setStart({ lat: here.lat, lng: here.lng }));

  useEffect(() => {
    let left = false;
    const open = async () => {
      const known = new KnownPlaces(await durablePlace('ekbaar.agent.places'), `${tenant} ${sub}`, session.token);
      await known.open();
      if (!left) setPlaces(known);
    };
    // Without places the list is in the order of names.
    open().catch(() => undefined);
    locate();
    return () => {
      left = true;
    };
  }, [session, tenant, sub]);

  const villages = [...new Set(todo.map(({ row }) => villageKey(row)))].sort().join('\n');
  useEffect(() => {
    // After an update there is a network, and there may be new villages.
    if (syncedAt !== null && villages !== '') places?.learn(villages.split('\n')).catch(() => undefined);
  }, [places, villages, syncedAt]);

  const known = useSyncExternalStore(places?.subscribe ?? never, places?.get ?? nothing);
  const planned = useMemo(() => dayStops(todo, known, start), [todo, known, start]);
  return { ...planned, start, planAgain: locate };
}

const none: ReturnType<KnownPlaces['get']> = new Map();
const nothing = () => none;
const never = () => () => undefined;
