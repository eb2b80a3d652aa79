import { type Actor, type Database, ProblemError, reading } from '@ekbaar/server';
import * as z from 'zod/mini';
import { AgentCloses, dayStates, RegionCloses } from '../../day-close-answers.ts';
import { office, type OpsApp, opsRoute, PageLimit } from '../jobs/ops-route.ts';
import { regionsOf } from '../mutators.ts';
import { Day } from '../values.ts';
import { agentDays, type DayRequest, regionDays } from './day-report.ts';

const id = z.string().check(z.maxLength(64), z.regex(/^[^\0]*$/));

/** `/api/v1/day-close`: who has closed the day, and whether it fits the ledger. */
export function dayCloseRoutes(who: Omit<OpsApp, 'mayUse'>, database: Database): void {
  const ops: OpsApp = { ...who, mayUse: office };

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/day-close/regions',
    summary: 'The day close by region: who has closed, differences, cash in hand',
    query: z.object({ date: Day, region: z.optional(id) }),
    answer: RegionCloses,
    async run({ actor, query: { date, region } }) {
      const request = requestOf(actor, date, region);
      return { date, regions: await reading(database, actor.tenant, (tx) => regionDays(tx, request)) };
    },
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/day-close/agents',
    summary: 'The day close of each agent, beside the ledger, with the cash in hand',
    query: z.object({
      ...{ date: Day, region: z.optional(id), state: z.optional(z.enum(dayStates)), limit: PageLimit },
      cursor: z.optional(id),
    }),
    answer: AgentCloses,
    async run({ actor, query: { date, region, state, limit, cursor } }) {
      const request = requestOf(actor, date, region);
      const agents = await reading(database, actor.tenant, (tx) =>
        agentDays(tx, request, { state, after: cursor, limit }),
      );
      return { date, agents, next: agents.length === limit ? (agents.at(-1)?.agentId ?? null) : null };
    },
  });
}

/** @throws ProblemError `forbidden` for a region that the token does not name */
function requestOf(actor: Actor, date: string, region: string | undefined): DayRequest {
  const allowed = regionsOf(actor);
  const all = allowed.includes('*');
  if (region !== undefined && !all && !allowed.includes(region))
    throw new ProblemError('forbidden', `The token names no region ${region}`);
  return { tenant: actor.tenant, date, regions: region === undefined ? (all ? undefined : allowed) : [region] };
}
