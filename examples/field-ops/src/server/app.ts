import { createServer, type Database, jwtAuth, ProblemError, type Server, type ServerOptions } from '@ekbaar/server';
import config from '../../ekbaar.config.ts';
import type { FieldOpsModel } from '../model.ts';
import type { Config } from './config.ts';
import { regionsOf } from './mutators.ts';

/** The operation's server: the engine with its model, and the REST names that programs without the SDK know. */
export function fieldOpsServer(
  database: Database,
  keys: Config['keys'],
  more: Partial<Omit<ServerOptions<FieldOpsModel>, 'database'>> = {},
): Server {
  const server = createServer({
    ...config,
    database,
    auth: jwtAuth(keys),
    // Dead letters are of all regions, and hold what customers told any agent.
    admin: (actor) => actor.role === 'ops' && regionsOf(actor).includes('*'),
    docs: { title: 'Ekbaar field operations' },
    ...more,
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
  app.post('/api/v1/deliveries/:id/confirm', mutationRoute('confirmDelivery', { id: 'deliveryId' }));
  app.post('/api/v1/disbursements/:id/reconcile', mutationRoute('reconcileDisbursement', { id: 'disbursementId' }));
  app.get('/api/v1/deliveries', collectionRoute('deliveries', { region: 'regionId', agent: 'agentId', mfi: 'mfiId' }));
  return server;
}
