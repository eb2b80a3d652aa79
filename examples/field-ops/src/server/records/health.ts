import { type Database, type Queryable, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { model } from '../../model.ts';
import { Health } from '../../record-answers.ts';
import { type RecordsApp, recordRoute } from './record-route.ts';

interface HealthOptions {
  readonly database: Database;
  readonly clock: () => Date;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonic: () => number;
}

/** How the server and its database are. The tenant's own waiting is the tenant's; the rest is of the installation. */
export function healthRoute(app: RecordsApp, { database, clock, monotonic }: HealthOptions): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/health', summary: 'How the server and its database are', allRegions: true },
    answer: Health,
    async run({ by }) {
      const { db } = database;
      const began = monotonic();
      await db.execute(sql`select 1`);
      const databaseMs = monotonic() - began;
      const load = database.load?.();
      return {
        ...{ at: clock().toISOString(), databaseMs },
        waiting: await waitingOf(db, by.tenant),
        queues: await queuesOf(db),
        pool: load === undefined ? null : { ...load },
        connections: await connectionsOf(db),
        versions: await versionsOf(db),
        process: { uptimeSeconds: process.uptime(), memoryBytes: process.memoryUsage.rss() },
        database: await databaseOf(db),
        slowQueries: await slowQueriesOf(db),
      };
    },
  });
}

const mostCounted = 10_000;

/** `sync.dirty` is closed to the engine's role: asked for as its owner, in the tenant. */
async function waitingOf(tx: Queryable, tenant: string): Promise<Health['waiting']> {
  const [row] = await rowsOf<Record<keyof Health['waiting'], number | null>>(
    tx,
    sql`select
          (select count(*) from (select from sync.receipts where tenant = ${tenant} and status = 'dead' and closed_at is null
            limit ${mostCounted}) d)::float8 as "deadLetters",
          (select count(*) from (select from sync.halts h where tenant = ${tenant} and not exists
            (select from sync.receipts r where r.tenant = h.tenant and r.key = h.key) limit ${mostCounted}) h)::float8 as halted,
          (select count(*) from (select from sync.receipts where tenant = ${tenant} and status = 'rejected'
            and server_at >= date_trunc('day', now(), 'Asia/Kolkata') limit ${mostCounted}) r)::float8 as "rejectedToday",
          (select count(*) from (select from sync.dirty where tenant = ${tenant} limit ${mostCounted}) m)::float8 as unpublished,
          (select extract(epoch from clock_timestamp() - min(at)) * 1000 from sync.dirty where tenant = ${tenant})::float8
            as "oldestUnpublishedMs"`,
  );
  return {
    deadLetters: Number(row?.deadLetters ?? 0),
    halted: Number(row?.halted ?? 0),
    rejectedToday: Number(row?.rejectedToday ?? 0),
    unpublished: Number(row?.unpublished ?? 0),
    oldestUnpublishedMs: row?.oldestUnpublishedMs ?? null,
  };
}

async function queuesOf(db: Queryable): Promise<Health['queues']> {
  if (!(await isThere(db, 'pgboss.job'))) return [];
  return rowsOf(
    db,
    sql`select name, count(*) filter (where state in ('created', 'retry'))::float8 as waiting,
          count(*) filter (where state = 'active')::float8 as active,
          count(*) filter (where state = 'failed')::float8 as failed,
          (extract(epoch from clock_timestamp() - min(created_on) filter (where state in ('created', 'retry'))) * 1000)::float8 as "oldestMs"
        from pgboss.job where name not like '\\_\\_%' group by name order by name`,
  );
}

async function isThere(db: Queryable, name: string): Promise<boolean> {
  const [row] = await rowsOf<{ there: boolean }>(db, sql`select to_regclass(${name}::text) is not null as there`);
  return row?.there === true;
}

function connectionsOf(db: Queryable): Promise<Health['connections']> {
  return rowsOf(
    db,
    sql`select coalesce(nullif(application_name, ''), 'unnamed') as name, coalesce(host(client_addr), 'local') as address,
          count(*)::float8 as count, count(*) filter (where state = 'active')::float8 as active,
          (extract(epoch from max(clock_timestamp() - xact_start)) * 1000)::float8 as "longestMs"
        from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
        group by 1, 2 order by 3 desc limit 40`,
  );
}

async function versionsOf(db: Queryable): Promise<Health['versions']> {
  const [row] = await rowsOf<{ postgres: string; epoch: string | null }>(
    db,
    sql`select current_setting('server_version') as postgres, (select value from sync.settings where name = 'epoch') as epoch`,
  );
  return { postgres: row?.postgres ?? '', node: process.version, model: model.version, epoch: row?.epoch ?? '' };
}

async function databaseOf(db: Queryable): Promise<Health['database']> {
  const [size] = await rowsOf<{ bytes: number; share: number | null }>(
    db,
    sql`select pg_database_size(current_database())::float8 as bytes,
          (select (blks_hit::float8 / nullif(blks_hit + blks_read, 0)) from pg_stat_database where datname = current_database()) as share`,
  );
  const tables = await rowsOf<Health['database']['tables'][number]>(
    db,
    sql`select n.nspname || '.' || c.relname as name, pg_total_relation_size(c.oid)::float8 as bytes, greatest(c.reltuples, 0)::float8 as rows
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and n.nspname in ('public', 'sync', 'pgboss') order by 2 desc limit 12`,
  );
  return { sizeBytes: Number(size?.bytes ?? 0), tables, cacheHitShare: size?.share ?? null };
}

/** Only statements about data: their values are placeholders there, whoever's they were. */
async function slowQueriesOf(db: Queryable): Promise<Health['slowQueries']> {
  const [extension] = await rowsOf<{ name: string }>(
    db,
    sql`select format('%I.pg_stat_statements', n.nspname) as name from pg_extension e
        join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'`,
  );
  if (extension === undefined) return null;
  try {
    return await rowsOf(
      db,
      sql`select left(regexp_replace(query, '\\s+', ' ', 'g'), 400) as query, calls::float8 as calls,
            mean_exec_time as "meanMs", total_exec_time as "totalMs"
          from ${sql.raw(extension.name)} where dbid = (select oid from pg_database where datname = current_database())
            and query ~* '^\\s*(/\\*.*?\\*/)?\\s*(select|insert|update|delete|with)\\y'
          order by total_exec_time desc limit 12`,
    );
  } catch {
    // Made, but not loaded with the server (shared_preload_libraries), or not to be read by this user.
    return null;
  }
}
