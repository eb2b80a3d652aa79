import { randomBytes } from 'node:crypto';
import { nodePlatform, openDatabase, pinoLog } from '@ekbaar/server';
import { fieldOpsServer } from './app.ts';
import { readConfig } from './config.ts';
import { demoAccounts } from './demo-accounts.ts';
import { seedDemo } from './seed.ts';
import { webApps } from './web.ts';

const { clock } = nodePlatform;
const config = readConfig(process.env, () => randomBytes(32).toString('base64url'));
const { connections, drainMs, pooler, replicaUrl } = config;
const log = pinoLog({ level: config.logLevel });
const database = await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, connections, pooler });
const readReplica = replicaUrl === undefined ? undefined : await openDatabase({ url: replicaUrl, connections });
const server = fieldOpsServer(database, config.keys, {
  readReplica,
  ...{ platform: { log }, limits: config.limits, observe: config.observe },
  signIn: { demo: config.demo !== undefined, proxies: config.proxies },
});
await server.start();
if (config.demo !== undefined) {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(clock());
  if (await seedDemo(database.db, today, config.demo)) await server.engine.sweep();
  if ('secret' in config.keys) server.app.route('/', demoAccounts(database, config.keys.secret, clock));
}
server.app.route('/', webApps());
const { url } = await server.listen({ port: config.port, host: config.host });
console.log(`Ekbaar field-ops is at ${url}
  agent app   ${url}/agent
  console     ${url}/console
  API         ${url}/v1 and ${url}/api/v1`);

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Whoever says it twice does not want to wait; and what cannot end (a database that hangs) must not keep the process.
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), drainMs + 40_000).unref();
    void server.close({ drainMs }).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
