import { join } from 'node:path';
import type { TrafficKind } from './load-order.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** Whose tables and whose server: contestants of one make share the template of their databases. */
export type Make = 'ekbaar' | 'drf' | 'hand-written';

export interface Contestant {
  readonly name: string;
  readonly make: Make;
  readonly kind: TrafficKind;
  /** In the table of results. */
  readonly title: string;
}

export const contestants: readonly Contestant[] = [
  { name: 'ekbaar-single', make: 'ekbaar', kind: 'single', title: 'Ekbaar, REST' },
  { name: 'drf-single', make: 'drf', kind: 'single', title: 'Django REST Framework' },
  { name: 'hand-written-single', make: 'hand-written', kind: 'single', title: 'hand-written, one CTE' },
  { name: 'ekbaar-sync', make: 'ekbaar', kind: 'sync-known', title: 'Ekbaar, sync of 50' },
  { name: 'ekbaar-sync-new', make: 'ekbaar', kind: 'sync-new', title: 'Ekbaar, sync of 50, new phone' },
  { name: 'drf-batch', make: 'drf', kind: 'batch', title: 'Django REST Framework, 50' },
  { name: 'hand-written-batch', make: 'hand-written', kind: 'batch', title: 'hand-written, sets of 50' },
];

/** Signs the tokens that all servers accept. */
export const secret = 'the-secret-of-the-bench-0123456789abcdef';

const fieldOpsMain = join(import.meta.dirname, '../../examples/field-ops/src/server/main.ts');

export interface ServerChoice {
  readonly make: Make;
  readonly databaseUrl: string;
  readonly port: number;
  /** Where the profile of a Node server goes; none is made without. */
  readonly profile?: string | undefined;
  readonly gunicorn: GunicornWorkers;
}

/** How Gunicorn runs: plain worker processes, or processes with threads. */
export interface GunicornWorkers {
  readonly processes: number;
  readonly threads: number;
}

/** The server as production would run it. */
export function startContestant(choice: ServerChoice): Promise<ServerProcess> {
  const { make, databaseUrl, port } = choice;
  switch (make) {
    case 'ekbaar':
      return startServer([process.execPath, ...profiling(choice), fieldOpsMain], {
        port,
        environment: {
          ...{ PORT: String(port), DATABASE_URL: databaseUrl, EKBAAR_JWT_SECRET: secret, EKBAAR_SEED: 'none' },
          // No load balancer has to notice that it goes.
          EKBAAR_DRAIN_SECONDS: '0',
          ...profileFile(choice),
        },
      });
    case 'hand-written':
      return startServer(
        [process.execPath, ...profiling(choice), join(import.meta.dirname, 'hand-written', 'server.ts')],
        {
          port,
          environment: { PORT: String(port), DATABASE_URL: databaseUrl, JWT_SECRET: secret, ...profileFile(choice) },
        },
      );
    case 'drf':
      return startServer(gunicornCommand(port, choice.gunicorn), {
        port,
        directory: join(import.meta.dirname, 'drf'),
        environment: { DATABASE_URL: databaseUrl, JWT_SECRET: secret, PYTHONDONTWRITEBYTECODE: '1' },
      });
  }
}

function gunicornCommand(port: number, { processes, threads }: GunicornWorkers): string[] {
  return [
    ...['/usr/bin/python3', '-m', 'gunicorn', 'bench.wsgi', '--bind', `127.0.0.1:${port}`],
    ...[
      '--workers',
      String(processes),
      '--worker-class',
      threads > 1 ? 'gthread' : 'sync',
      '--threads',
      String(threads),
    ],
    ...['--log-level', 'warning'],
  ];
}

function profiling({ profile }: ServerChoice): string[] {
  return profile === undefined ? [] : ['--import', join(import.meta.dirname, 'node-profile.ts')];
}

function profileFile({ profile }: ServerChoice): Record<string, string> {
  return profile === undefined ? {} : { BENCH_PROFILE: profile };
}
