import {
  createServer,
  type Database,
  errorFacts,
  jwtAuth,
  nodePlatform,
  ProblemError,
  type Server,
  type ServerOptions,
} from '@ekbaar/server';
import config from '../../ekbaar.config.ts';
import type { FieldOpsModel } from '../model.ts';
import type { Config } from './config.ts';
import { identityAdminRoutes, isAdministrator } from './identity/admin-routes.ts';
import { Identity } from './identity/identity.ts';
import { elsewhereRoutes, identityRoutes, type SignInSettings } from './identity/routes.ts';
import { type Outside, routesOfJobs } from './jobs/routes.ts';
import { routesOfPlaces } from './places/routes.ts';
import { receiptCheckRoute } from './receipt-check-route.ts';
import { LimitVariables, limitsIn } from './limits.ts';
import { recordRoutes } from './records/routes.ts';
import { Traffic } from './records/traffic.ts';
import { dayCloseRoutes } from './day-close/routes.ts';
import { exportRoutes } from './exports/routes.ts';
import { settlementRoutes } from './settlement/routes.ts';

export type { Outside } from './jobs/routes.ts';

/** The operation's server: the engine with its model, and the REST names that programs without the SDK know. */
export function fieldOpsServer(
  database: Database,
  keys: Config['keys'],
  more: Partial<Omit<ServerOptions<FieldOpsModel>, 'database'>> & {
    readonly signIn?: SignInSettings;
    readonly outside?: Outside;
  } = {},
): Server {
  const nobody: Outside = { providers: {}, allowedAddresses: [] };
  const { signIn = { demo: false, proxies: 0 }, outside = nobody, ...options } = more;
  const platform = { ...nodePlatform, ...options.platform };
  const { clock, monotonic, log } = platform;
  const identity =
    'secret' in keys
      ? new Identity({
          ...{ database, secret: keys.secret, clock, demo: signIn.demo },
          enqueue: (tx, queue, jobs) => server.engine.enqueue(tx, queue, jobs),
          onError: (what, error) => log.error(errorFacts(error), what),
        })
      : undefined;
  const onError = (error: unknown) => log.error(errorFacts(error), 'traffic was not counted');
  const traffic = new Traffic({ database, clock, onError });
  const auth = traffic.counting(identity?.guarding(jwtAuth(keys)) ?? jwtAuth(keys));
  const server: Server = createServer({
    ...config,
    database,
    auth,
    // Dead letters are of all regions, and hold what customers told any agent.
    admin: isAdministrator,
    docs: { title: 'Ekbaar field operations' },
    ...options,
  });

  // Within the limits of the actor, as for the engine's own routes.
  const { app, authenticate, mutationRoute, collectionRoute } = server;
  if (identity === undefined) app.route('/', elsewhereRoutes());
  else {
    app.route('/', identityRoutes(identity, authenticate, signIn));
    app.route('/', identityAdminRoutes(identity, authenticate, signIn));
  }
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
  const administrators = { inWords: 'ops with all regions', includes: isAdministrator };
  const bosses = routesOfJobs(server, database, { authenticate, mayUse: administrators }, outside, platform);
  const who = { app, authenticate };
  settlementRoutes(who, database, bosses, platform.clock);
  dayCloseRoutes(who, database);
  exportRoutes(who, database, bosses, platform.clock);
  routesOfPlaces(who, database);
  receiptCheckRoute(who, database);
  const { rate = defaultRate } = options.limits ?? {};
  app.route('/', recordRoutes({ database, authenticate, clock, monotonic, traffic, rate }));
  return {
    ...server,
    async close(how) {
      // A count that cannot be written is no reason to stay.
      await traffic.close().catch(onError);
      await server.close(how);
      await bosses.close();
    },
  };
}

const { rate: defaultRate = () => ({ perSecond: 20, burst: 1200 }) } = limitsIn(LimitVariables.parse({}));
