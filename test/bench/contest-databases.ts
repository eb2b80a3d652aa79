import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { freePort } from '../support/free-port.ts';
import type { BenchPostgres } from './bench-database.ts';
import { type Make, startContestant } from './contestants.ts';
import { onOneConnection, seedApp, seedOwnTables, type SeedSize } from './seed.ts';

/** Makes databases with the same pending deliveries, each as its contestant's server left it after its first start. */
export interface ContestDatabases {
  /** @returns the URL of a new database of this name */
  create(make: Make, name: string): Promise<string>;
  drop(name: string): Promise<void>;
}

/** Seeds the templates that `makes` need. */
export async function contestDatabases(
  database: BenchPostgres,
  makes: ReadonlySet<Make>,
  size: SeedSize,
): Promise<ContestDatabases> {
  const app = await database.create('bench_app');
  await seedApp(app, size);
  if (makes.has('ekbaar')) await publishAll(await database.create('bench_ekbaar', 'bench_app'));
  await seedOwnTables(app);
  return {
    create: (make, name) => database.create(name, make === 'ekbaar' ? 'bench_ekbaar' : 'bench_app'),
    drop: (name) => database.drop(name),
  };
}

/** Starts Ekbaar on a database that holds rows already, until all of them are published. */
export async function publishAll(databaseUrl: string): Promise<void> {
  const server = await startContestant({
    ...{ make: 'ekbaar', databaseUrl, port: await freePort(), gunicorn: { processes: 1, threads: 1 } },
  });
  try {
    await onOneConnection(databaseUrl, async (sql) => {
      while (await isBehind(sql)) await sleep(200);
    });
  } finally {
    await server.stop();
  }
  await onOneConnection(databaseUrl, (sql) => sql`vacuum analyze`);
}

async function isBehind(sql: postgres.Sql): Promise<boolean> {
  const [state] = await sql`
    select exists (select from sync.dirty) or exists (select from sync.tracked where not filled) as behind`;
  return state?.['behind'] !== false;
}
