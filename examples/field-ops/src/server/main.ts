import { randomBytes } from 'node:crypto';
import { nodePlatform, pinoLog } from '@ekbaar/server';
import { indiaDay } from '../india-day.ts';
import { fieldOpsServer } from './app.ts';
import { readConfig } from './config.ts';
import { demoAccounts } from './demo-accounts.ts';
import { openWorker } from './jobs/open-worker.ts';
import { readProvidersFile } from './jobs/providers.ts';
import { seedHistory } from './records/demo-history.ts';
import { seedDemo } from './seed.ts';
import { addressProblem, databaseProblem, naming, openNaming } from './start-problem.ts';
import { stopOnSignals } from './stop-signals.ts';
import { webApps } from './web.ts';

const { clock } = nodePlatform;
const config = readConfig(process.env, () => randomBytes(32).toString('base64url'));
const { connections, drainMs, pooler, replicaUrl } = config;
const log = pinoLog({ level: config.logLevel });
for (const warning of config.warnings) log.warn?.({}, warning);
const database = await openNaming({ url: config.databaseUrl, dataDir: config.dataDir, connections, pooler });
const readReplica =
  replicaUrl === undefined
    ? undefined
    : await openNaming({ url: replicaUrl, connections, standby: true }, 'DATABASE_REPLICA_URL');
const outside = {
  providers: await readProvidersFile(config.outgoing.providersFile),
  allowedAddresses: config.outgoing.allowedAddresses,
};
const server = fieldOpsServer(database, config.keys, {
  ...{ readReplica, outside, platform: { log }, limits: config.limits, observe: config.observe },
  signIn: { demo: config.demo !== undefined, proxies: config.proxies },
});
await naming(server.start(), databaseProblem);
if (config.demo !== undefined) {
  const now = clock();
  const today = indiaDay(now);
  if (await seedDemo(database.db, today, config.demo)) {
    await seedHistory(database.db, today, now);
    await server.engine.sweep();
  }
  if ('secret' in config.keys) server.app.route('/', demoAccounts(database, config.keys.secret, clock));
}
const worker = config.worker.inside
  ? await openWorker(config, database, server.engine, { ...nodePlatform, log })
  : undefined;
server.app.route('/', webApps());
const { url } = await naming(server.listen({ port: config.port, host: config.host }), addressProblem('PORT'));
console.log(`Ekbaar field-ops is at ${url}
  agent app   ${url}/agent
  console     ${url}/console
  API         ${url}/v1 and ${url}/api/v1`);

stopOnSignals(async () => {
  await worker?.stop();
  await server.close({ drainMs });
}, drainMs + 40_000);
