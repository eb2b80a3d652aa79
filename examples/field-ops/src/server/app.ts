import {
  createServer,
  type Actor,
  by,
  type Database,
  jwtAuth,
  type Platform,
  ProblemError,
  type ReadableScope,
  type Server,
} from '@ekbaar/server';
import { fileURLToPath } from 'node:url';
import { model } from '../model.ts';
import type { Config } from './config.ts';
import { mutators, regionsOf } from './mutators.ts';
import { agentPositions, agents, deliveries, disbursements, serverTables } from './tables.ts';

/** The operation's server: the engine with its model, and the REST names that programs without the SDK know. */
export function fieldOpsServer(database: Database, keys: Config['keys'], platform: Partial<Platform> = {}): Server {
  const server = createServer({
    model,
    database,
    tables: {
      agents: { table: agents, scopes: [by('agent', agents.id), by('region', agents.regionId)] },
      deliveries: { table: deliveries, scopes: [by('agent', deliveries.agentId), by('region', deliveries.regionId)] },
      disbursements: { table: disbursements, scopes: [by('region', disbursements.regionId)] },
      agentPositions: { table: agentPositions, scopes: [by('region', agentPositions.regionId)] },
    },
    serverTables,
    mutators,
    queues: ['sms', 'mfi-webhook'],
    auth: jwtAuth(keys),
    scopes: readableScopes,
    migrations: fileURLToPath(new URL('../../migrations', import.meta.url)),
    platform,
  });

  const { app, mutationRoute, collectionRoute } = server;
  app.post(
    '/api/v1/agents/:id/location',
    mutationRoute('recordLocation', (body, { id }, actor) => {
      if (id !== actor.id)
        throw new ProblemError('forbidden', `The token is ${actor.id}'s: it cannot say where ${id} is`);
      return body;
    }),
  );
  app.post(
    '/api/v1/deliveries/:id/confirm',
    mutationRoute('confirmDelivery', (body, { id }) => ({ ...body, deliveryId: id })),
  );
  app.post(
    '/api/v1/disbursements/:id/reconcile',
    mutationRoute('reconcileDisbursement', (body, { id }) => ({ ...body, disbursementId: id })),
  );
  app.get('/api/v1/deliveries', collectionRoute('deliveries', { region: 'regionId', agent: 'agentId', mfi: 'mfiId' }));
  return server;
}

function readableScopes(actor: Actor): ReadableScope[] {
  switch (actor.role) {
    case 'agent':
      return [`agent:${actor.id}`];
    case 'ops':
    case 'settlement': {
      const regions = regionsOf(actor);
      return regions.includes('*') ? [{ prefix: 'region:' }] : regions.map((region) => `region:${region}`);
    }
    default:
      return [];
  }
}
