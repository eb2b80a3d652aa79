import { type BenchPostgres, startBenchPostgres } from './bench-database.ts';
import { contestDatabases } from './contest-databases.ts';
import { examine } from './examination.ts';
import type { Contestant, GunicornWorkers } from './contestants.ts';
import { bestWorkers, missingPackages, nameOf } from './gunicorn.ts';
import type { Limit } from './load-order.ts';
import { wholeDays } from './plan.ts';
import { checkBooks, type Round, runRound } from './round.ts';
import { watchIn } from './watch.ts';

export interface PushOptions {
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  /** Of each contestant in each round. */
  readonly warmUp: Limit;
  readonly measured: Limit;
  readonly connections: number;
  readonly regions: number;
  readonly seed: number;
  readonly gunicorn: GunicornWorkers | 'best';
  /** Folder for profiles; measures nothing else then. */
  readonly profile?: string | undefined;
  readonly print: (line: string) => void;
}

export type PushResults = ReadonlyMap<Contestant, readonly Round[]>;

/**
 * The same confirmations by every contestant, in turns, each delivery once. After each round the books are checked
 * against what the clients were told.
 *
 * @throws Error when a request fails or the books are wrong
 */
export async function pushBench(options: PushOptions): Promise<PushResults> {
  const database = await startBenchPostgres({ profiled: options.profile !== undefined });
  try {
    return await contest(database, options);
  } finally {
    await database.stop();
  }
}

async function contest(database: BenchPostgres, options: PushOptions): Promise<PushResults> {
  const { print, connections, warmUp, measured } = options;
  const running = present(options.contestants, print);
  const count = wholeDays(warmUp.confirmations) + wholeDays(measured.confirmations);
  const size = { deliveries: count * options.rounds, regions: options.regions };
  print(`PostgreSQL ${database.version}: ${size.deliveries} deliveries for each contestant, ${size.regions} regions`);
  const makes = new Set(running.map(({ make }) => make));
  const databases = await contestDatabases(database, makes, size);
  for (const make of makes) {
    await examine(make, await databases.create(make, 'bench_examination'));
    await databases.drop('bench_examination');
  }

  const entries: { contestant: Contestant; databaseUrl: string; gunicorn: GunicornWorkers; rounds: Round[] }[] = [];
  for (const contestant of running) {
    const gunicorn =
      options.gunicorn === 'best' && contestant.make === 'drf'
        ? await bestWorkers(database, databases, contestant, {
            ...{ connections, seed: options.seed, slice: { from: 0, count }, print },
          })
        : options.gunicorn === 'best'
          ? { processes: 1, threads: 1 }
          : options.gunicorn;
    if (contestant.make === 'drf') print(`Gunicorn for ${contestant.name}: ${nameOf(gunicorn)}`);
    const databaseUrl = await databases.create(contestant.make, `bench_${contestant.name.replaceAll('-', '_')}`);
    entries.push({ contestant, databaseUrl, gunicorn, rounds: [] });
  }

  for (let at = 0; at < options.rounds; at++) {
    for (const { contestant, databaseUrl, gunicorn, rounds } of entries) {
      const round = await runRound(database, {
        ...{ contestant, databaseUrl, gunicorn, connections, warmUp, measured, seed: options.seed + at },
        slice: { from: at * count, count },
        watch:
          options.profile === undefined ? undefined : await watchIn(options.profile, contestant, databaseUrl, print),
      });
      rounds.push(round);
      const inAll = rounds.reduce((sum, { confirmedInAll }) => sum + confirmedInAll, 0);
      await checkBooks(contestant.make, databaseUrl, inAll);
      print(
        `round ${at + 1}  ${contestant.title.padEnd(32)} ${String(Math.round(round.perSecond)).padStart(6)}/s, ` +
          `${round.confirmed} in ${round.seconds.toFixed(1)} s; the books of all ${inAll} are right`,
      );
    }
  }
  return new Map(entries.map(({ contestant, rounds }) => [contestant, rounds]));
}

function present(contestants: readonly Contestant[], print: (line: string) => void): readonly Contestant[] {
  if (!contestants.some(({ make }) => make === 'drf')) return contestants;
  const missing = missingPackages();
  if (missing.length === 0) return contestants;
  print(`WITHOUT Django REST Framework: apt-get install ${missing.join(' ')}`);
  return contestants.filter(({ make }) => make !== 'drf');
}
