import type postgres from 'postgres';

const most = 40;

/** Statements of this database by total time since the last reset: share, calls, mean, text. Nested ones are marked `>`. */
export async function hotStatements(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql`
    select s.toplevel, s.calls::float8 as calls, s.total_exec_time as total, s.mean_exec_time as mean, s.query,
      s.wal_bytes::float8 as wal, s.total_exec_time / sum(s.total_exec_time) filter (where s.toplevel) over () as share
    from pg_stat_statements s
    where s.dbid = (select oid from pg_database where datname = current_database()) and s.query not like '%pg_stat_%'
    order by s.total_exec_time desc limit ${most}`;
  return rows.map(({ toplevel, calls, total, mean, query, wal, share }) =>
    [
      `${(100 * share).toFixed(1).padStart(5)} %`,
      `${total.toFixed(0).padStart(7)} ms`,
      `${String(calls).padStart(8)} calls`,
      `${mean.toFixed(3).padStart(8)} ms each`,
      `${(wal / 1024 / 1024).toFixed(1).padStart(6)} MB WAL`,
      `${toplevel ? ' ' : '>'} ${String(query).replaceAll(/\s+/g, ' ').slice(0, 140)}`,
    ].join('  '),
  );
}
