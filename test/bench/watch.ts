import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { Contestant } from './contestants.ts';
import { hotFunctions } from './hot-functions.ts';
import { hotStatements } from './hot-statements.ts';
import type { Watch } from './round.ts';
import { sampleWaits } from './waits.ts';

/**
 * Looks at where the time of a round goes, and prints it: functions of a Node server by self time, statements of
 * PostgreSQL by total time, and what its backends wait for. Slows everything a little.
 */
export async function watchIn(
  folder: string,
  { name, make }: Contestant,
  databaseUrl: string,
  print: (line: string) => void,
): Promise<Watch> {
  const profile = join(folder, `${name}.cpuprofile`);
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  await sql`create extension if not exists pg_stat_statements`;
  let waits: Awaited<ReturnType<typeof sampleWaits>> | undefined;
  const isNode = make !== 'drf';
  return {
    profile,
    async begin(server) {
      await sql`select pg_stat_statements_reset()`;
      waits = sampleWaits(databaseUrl);
      if (isNode) server.signal('SIGUSR2');
    },
    async end(server) {
      const waited = await waits?.stop();
      print(`\n${name}: statements of PostgreSQL by their own time (nested ones also count in those around them)`);
      for (const line of await hotStatements(sql)) print(`  ${line}`);
      await sql.end();
      print(`\n${name}: what the backends of PostgreSQL did, in samples`);
      for (const line of waited ?? []) print(`  ${line}`);
      if (!isNode) return;
      server.signal('SIGUSR2');
      while (!server.output().includes('profile written')) await sleep(50);
      await access(profile);
      print(`\n${name}: functions by self time, of ${profile}`);
      for (const line of await hotFunctions(profile)) print(`  ${line}`);
      print('');
    },
  };
}
