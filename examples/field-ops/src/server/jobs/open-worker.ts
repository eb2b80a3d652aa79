import type { Database, Engine, Platform } from '@ekbaar/server';
import type { Config } from '../config.ts';
import { keepTrackPartitions } from '../places/track-partitions.ts';
import { type JobWorker, startWorker } from './job-worker.ts';
import { openProviders, readProvidersFile } from './providers.ts';

/** The worker as the configuration has it. @throws TypeError that names what is wrong with the configuration */
export async function openWorker(
  config: Pick<Config, 'production' | 'worker' | 'outgoing' | 'trackDays' | 'auditDays'>,
  database: Database,
  engine: Pick<Engine, 'mutate'>,
  platform: Pick<Platform, 'clock' | 'monotonic' | 'log'>,
): Promise<JobWorker> {
  const { providersFile, allowedAddresses, timeoutMs } = config.outgoing;
  const providers = openProviders({
    config: await readProvidersFile(providersFile),
    development: !config.production,
    ...{ allowedAddresses, timeoutMs, db: database.db, clock: platform.clock },
  });
  const { trackDays, auditDays } = config;
  // Before the first beat: this month's pings have their own partition from the start.
  await keepTrackPartitions(database.db, platform.clock(), trackDays);
  return startWorker({
    ...{ database, engine, providers, platform, trackDays, auditDays },
    concurrency: config.worker.jobs,
  });
}
