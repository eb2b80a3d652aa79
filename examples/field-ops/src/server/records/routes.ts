/**
 * What the console asks beyond the rows that are synced to it: lists by the page, the history of a delivery, agents and
 * their phones, receipts as a log, the density of work by the hour, health. All of it is read only, but for somebody's
 * own saved filters and what is noted about refusals. All of it is bound to the token's tenant and regions: statements run
 * in the engine's role, under row-level security, wherever that role may read; identity's tables it may not, and those
 * name the tenant themselves.
 * What changes deliveries goes through mutations, as from any other program.
 */
import { type ApiEnv, type Authenticate, type Database, type Limits, type Platform } from '@ekbaar/server';
import { Hono } from 'hono';
import { agentList } from './agent-list.ts';
import { apiFacts } from './api-facts.ts';
import { deliveryHistory } from './delivery-history.ts';
import { deliveryList } from './delivery-list.ts';
import { densityRoute } from './density.ts';
import { healthRoute } from './health.ts';
import { placeMap } from './place-map.ts';
import { receiptLog } from './receipt-log.ts';
import { rejectionNoteRoute } from './rejection-notes.ts';
import { savedFilterRoutes } from './saved-filters.ts';
import type { Traffic } from './traffic.ts';

interface RecordsOptions extends Pick<Platform, 'clock' | 'monotonic'> {
  readonly database: Database;
  readonly authenticate: Authenticate;
  readonly traffic: Traffic;
  readonly rate: Limits['rate'];
}

export function recordRoutes({
  database,
  authenticate,
  traffic,
  rate,
  clock,
  monotonic,
}: RecordsOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ strict: false });
  const at = { app, authenticate };
  deliveryList(at, database);
  deliveryHistory(at, database);
  savedFilterRoutes(at, database, clock);
  agentList(at, database, clock);
  receiptLog(at, database);
  rejectionNoteRoute(at, database, clock);
  densityRoute(at, database, traffic, clock);
  placeMap(at, database);
  healthRoute(at, { database, clock, monotonic });
  apiFacts(at, rate);
  return app;
}
