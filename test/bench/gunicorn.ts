import { execFileSync } from 'node:child_process';
import type { BenchPostgres } from './bench-database.ts';
import type { ContestDatabases } from './contest-databases.ts';
import type { Contestant, GunicornWorkers } from './contestants.ts';
import type { Slice } from './plan.ts';
import { runRound } from './round.ts';

/** Python module → the Debian package that brings it. */
const packages = {
  django: 'python3-django',
  rest_framework: 'python3-djangorestframework',
  gunicorn: 'gunicorn',
  psycopg2: 'python3-psycopg2',
};

/** Debian packages without which Django cannot take part. */
export function missingPackages(): string[] {
  return Object.entries(packages)
    .filter(([module]) => !isInstalled(module))
    .map(([, name]) => name);
}

function isInstalled(module: string): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', `import ${module}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** For two cores: fewer workers leave a core idle while they wait, more get in each other's way. */
const candidates: readonly GunicornWorkers[] = [
  ...[2, 3, 4, 5].map((processes) => ({ processes, threads: 1 })),
  { processes: 2, threads: 4 },
];

const trial = { seconds: 4, confirmations: 4000 };

/** Tries Gunicorn's workers one way and the other, and gives those that confirmed most. */
export async function bestWorkers(
  database: BenchPostgres,
  databases: ContestDatabases,
  contestant: Contestant,
  {
    connections,
    seed,
    slice,
    print,
  }: { connections: number; seed: number; slice: Slice; print: (line: string) => void },
): Promise<GunicornWorkers> {
  let best = { workers: { processes: 5, threads: 1 }, perSecond: 0 };
  for (const workers of candidates) {
    const name = 'bench_trial';
    const databaseUrl = await databases.create('drf', name);
    const { perSecond } = await runRound(database, {
      ...{ contestant, databaseUrl, slice, connections, seed, gunicorn: workers },
      ...{ warmUp: { seconds: 1, confirmations: 1000 }, measured: trial },
    });
    await databases.drop(name);
    print(`trial    ${contestant.title.padEnd(32)} ${nameOf(workers)}: ${Math.round(perSecond)}/s`);
    if (perSecond > best.perSecond) best = { workers, perSecond };
  }
  return best.workers;
}

export function nameOf({ processes, threads }: GunicornWorkers): string {
  return threads > 1 ? `${processes} workers of ${threads} threads` : `${processes} workers`;
}
