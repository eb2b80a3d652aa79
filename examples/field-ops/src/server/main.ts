import { randomBytes } from 'node:crypto';
import { nodePlatform, openDatabase } from '@ekbaar/server';
import { fieldOpsServer } from './app.ts';
import { readConfig } from './config.ts';
import { demoAccounts } from './demo-accounts.ts';
import { seedDemo } from './seed.ts';
import { webApps } from './web.ts';

const { clock } = nodePlatform;
const config = readConfig(process.env, () => randomBytes(32).toString('base64url'));
const database = await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir });
const server = fieldOpsServer(database, config.keys);
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

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void server.close().then(() => process.exit(0));
  });
}
