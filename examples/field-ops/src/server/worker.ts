// The worker as a process of its own, beside the servers, on the same PostgreSQL. Run as many as are wanted.
import { randomBytes } from 'node:crypto';
import { nodePlatform, pinoLog } from '@ekbaar/server';
import { fieldOpsServer } from './app.ts';
import { readConfig } from './config.ts';
import { openWorker } from './jobs/open-worker.ts';
import { listenForHealth } from './jobs/worker-listener.ts';
import { addressProblem, databaseProblem, naming, openNaming } from './start-problem.ts';
import { stopOnSignals } from './stop-signals.ts';

const config = readConfig(process.env, () => randomBytes(32).toString('base64url'));
if (config.databaseUrl === undefined)
  throw new TypeError('DATABASE_URL: a worker of its own needs PostgreSQL; on PGlite it runs inside of the server');
const log = pinoLog({ level: config.logLevel });
const platform = { ...nodePlatform, log };
const { databaseUrl: url, connections, pooler } = config;
const database = await openNaming({ url, connections, pooler });
// Nobody listens to it: it brings the tables and queues up to date, as every node does, and does the mutations of jobs.
const server = fieldOpsServer(database, config.keys, { platform: { log } });
await naming(server.start(), databaseProblem);
const worker = await openWorker(config, database, server.engine, platform);
const { host, worker: at, observe } = config;
const listening = listenForHealth(worker, { port: at.port, host, metricsToken: observe.metricsToken });
const listener = await naming(listening, addressProblem('EKBAAR_WORKER_PORT'));
console.log(`Ekbaar field-ops worker is at http://${host.includes(':') ? `[${host}]` : host}:${listener.port}/readyz`);

stopOnSignals(async () => {
  await worker.stop();
  await listener.close();
  await server.close();
}, 60_000);
