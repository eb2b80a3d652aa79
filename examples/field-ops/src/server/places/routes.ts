/**
 * Where the work is: villages on the map, the order of an agent's day, and the track that agents leave.
 *
 *   directory.ts         PIN codes and villages to points, from a file that ships with the app
 *   ../../day-route.ts   the order of the stops; the phone has the same, and needs no line for it
 *   track-partitions.ts  the months of `agent_track`
 */
import { type Actor, type Database, ProblemError, reading } from '@ekbaar/server';
import { and, eq, inArray, or, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { kilometresBetween, planRoute } from '../../day-route.ts';
import { type OpsApp, opsRoute } from '../jobs/ops-route.ts';
import { overseesRegion, regionsOf } from '../mutators.ts';
import { agentPositions, agents, deliveries } from '../tables.ts';
import { Day } from '../values.ts';
import { openDirectory, type Place as KnownPlace } from './directory.ts';

const Place = z.object({
  ...{ village: z.string(), pincode: z.string(), lat: z.number(), lng: z.number() },
  precision: z.enum(['village', 'pincode', 'district']),
});
const Places = z.object({ places: z.array(Place) });
const Route = z.object({
  stops: z.array(z.extend(Place, { deliveryIds: z.array(z.string()), kilometres: z.number() })),
  /** As the crow flies. */
  kilometres: z.number(),
  /** Deliveries of villages that the directory does not know. */
  unplaced: z.array(z.string()),
});
const RouteQuery = z.object({ date: z.optional(Day) });

const mostVillages = 5000;

/** `GET /api/v1/places` and `GET /api/v1/agents/{id}/route`, for agents of their own and for ops of their regions. */
export function routesOfPlaces(who: Omit<OpsApp, 'mayUse'>, database: Database): void {
  const app: OpsApp = {
    ...who,
    mayUse: { inWords: 'agents and ops', includes: ({ role }) => role === 'agent' || role === 'ops' },
  };

  opsRoute(app, {
    method: 'get',
    path: '/api/v1/places',
    summary: 'Where the villages of your deliveries are, as far as the directory of PIN codes knows',
    answer: Places,
    async run({ actor }) {
      const mine = seenBy(actor);
      const villages = await reading(database, actor.tenant, (tx) =>
        tx
          .selectDistinct({ village: deliveries.village, pincode: deliveries.pincode })
          .from(deliveries)
          .where(and(eq(deliveries.tenant, actor.tenant), mine))
          .limit(mostVillages),
      );
      const directory = await openDirectory();
      return { places: villages.flatMap((village) => directory.find(village) ?? []) };
    },
  });

  opsRoute(app, {
    method: 'get',
    path: '/api/v1/agents/:id/route',
    summary: 'The villages where an agent has something to do, in an order with a short way',
    query: RouteQuery,
    answer: Route,
    async run({ actor, path: { id = '' }, query: { date } }) {
      const own = { tenant: actor.tenant, id };
      const { agent, todo, position } = await reading(database, actor.tenant, async (tx) => ({
        agent: (
          await tx
            .select({ regionId: agents.regionId })
            .from(agents)
            .where(and(eq(agents.tenant, own.tenant), eq(agents.id, own.id)))
        )[0],
        todo: await tx
          .select({ id: deliveries.id, village: deliveries.village, pincode: deliveries.pincode })
          .from(deliveries)
          .where(
            and(
              ...[eq(deliveries.tenant, own.tenant), eq(deliveries.agentId, own.id), seenBy(actor)],
              or(eq(deliveries.status, 'pending'), eq(deliveries.status, 'failed')),
              date === undefined ? undefined : sql`${deliveries.dueOn} <= ${date}`,
            ),
          )
          .orderBy(deliveries.id),
        position: (
          await tx
            .select({ lat: agentPositions.lat, lng: agentPositions.lng })
            .from(agentPositions)
            .where(and(eq(agentPositions.tenant, own.tenant), eq(agentPositions.agentId, own.id)))
        )[0],
      }));
      const mayKnow = actor.role === 'agent' ? actor.id === id : agent && overseesRegion(actor, agent.regionId);
      if (!mayKnow) throw new ProblemError('not_found', `There is no agent ${id}, or none that you may know of`);
      return routeOf(todo, position);
    },
  });
}

/** Deliveries that are in the actor's scopes; an agent may have some of another region than the own. */
function seenBy(actor: Actor) {
  const regions = regionsOf(actor);
  if (actor.role === 'agent') return eq(deliveries.agentId, actor.id);
  return regions.includes('*') ? undefined : inArray(deliveries.regionId, [...regions]);
}

interface ToDo {
  readonly id: string;
  readonly village: string;
  readonly pincode: string;
}

/** Deliveries by village, and the villages in order. */
async function routeOf(todo: readonly ToDo[], start: { lat: number; lng: number } | undefined) {
  const directory = await openDirectory();
  const stops: { place: KnownPlace; deliveryIds: string[] }[] = [];
  const unplaced: string[] = [];
  for (const [, here] of Map.groupBy(todo, ({ pincode, village }) => `${pincode} ${village}`)) {
    const place = here[0] && directory.find(here[0]);
    const ids = here.map(({ id }) => id);
    if (place === undefined) unplaced.push(...ids);
    else stops.push({ place, deliveryIds: ids });
  }
  let before = start;
  const inOrder = planRoute(
    stops.map(({ place }) => place),
    start,
  ).flatMap((at) => {
    const stop = stops[at];
    if (stop === undefined) return [];
    const kilometres = before === undefined ? 0 : kilometresBetween(before, stop.place);
    before = stop.place;
    return [{ ...stop.place, deliveryIds: stop.deliveryIds, kilometres }];
  });
  return { stops: inOrder, kilometres: inOrder.reduce((sum, stop) => sum + stop.kilometres, 0), unplaced };
}
