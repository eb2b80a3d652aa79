import type { Database, Log, Server } from '@ekbaar/server';
import { bossFailure } from './boss-failure.ts';
import { jobRoutes } from './job-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { type OpsBoss, opsBoss } from './ops-boss.ts';
import type { OpsApp } from './ops-route.ts';
import { payoutRoutes } from './payout-routes.ts';
import type { ProvidersConfig } from './providers.ts';
import { endpointRoutes } from './webhooks/endpoint-routes.ts';
import { incomingListRoute } from './webhooks/incoming-list.ts';
import { incomingRoutes } from './webhooks/incoming-routes.ts';

/** What the routes of jobs need to know of the outside. */
export interface Outside {
  readonly providers: ProvidersConfig;
  /** Ranges of addresses, not public, that webhooks may go to. */
  readonly allowedAddresses: readonly string[];
}

/** Everything that ops see and do about jobs, messages, payouts and webhooks, and what others tell us. */
export function routesOfJobs(
  server: Pick<Server, 'app'>,
  database: Database,
  who: Omit<OpsApp, 'app'>,
  { providers, allowedAddresses }: Outside,
  { clock, log }: { readonly clock: () => Date; readonly log: Log },
): OpsBoss {
  const { app } = server;
  const bosses = opsBoss(database, (error) => log.error(bossFailure(error), 'the queues do not answer'));
  const ops = { ...who, app };
  jobRoutes(ops, database, bosses, clock);
  messageRoutes(ops, database, bosses, clock);
  payoutRoutes(ops, database, clock);
  endpointRoutes(ops, database, bosses, { clock, allowedAddresses });
  incomingListRoute(ops, database);
  incomingRoutes(app, { database, bosses, config: providers, clock });
  return bosses;
}
