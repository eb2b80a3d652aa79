import postgres from 'postgres';
import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 10;

/** Looks again and again at what the other backends of a database are doing. */
export function sampleWaits(url: string): { stop(): Promise<string[]> } {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const counts = new Map<string, number>();
  let samples = 0;
  let stopped = false;
  const sampling = (async () => {
    while (!stopped) {
      const rows = await sql`
        select case when state = 'active' and wait_event is null then 'running'
            else state || coalesce(', ' || wait_event_type || ' ' || wait_event, '') end as what,
          case when state = 'idle' then '' else left(regexp_replace(query, '\\s+', ' ', 'g'), 70) end as query
        from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and state is not null`;
      samples++;
      for (const { what, query } of rows) {
        const key = `${what}${query === '' ? '' : ` | ${query}`}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      await sleep(everyMs);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await sampling;
      await sql.end();
      return [...counts]
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, 30)
        .map(([key, count]) => `${(count / samples).toFixed(2)} backends  ${key}`);
    },
  };
}
