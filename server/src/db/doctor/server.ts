import { sql } from 'drizzle-orm';
import { rowsOf } from '../database.ts';
import { type Check, fine, note, plural, problem, warning } from './finding.ts';

const oldestSupported = 150_000;
/** What a timestamp of a receipt may be off by before somebody asks. */
const mostSkewMs = { warning: 2_000, problem: 60_000 };
const longTransactionMinutes = 10;

export const version: Check = {
  name: 'PostgreSQL',
  needsSchema: false,
  async run(db) {
    const [row] = await rowsOf<{ number: number; version: string; standby: boolean }>(
      db,
      sql`select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
            pg_is_in_recovery() as standby`,
    );
    if (row === undefined) return [];
    const said = fine(`version ${row.version}`);
    return [
      row.number >= oldestSupported
        ? said
        : problem(`version ${row.version} is too old`, 'upgrade to PostgreSQL 15 or later'),
      ...(row.standby ? [problem('this is a standby: it takes no writes', 'name the primary in DATABASE_URL')] : []),
    ];
  },
};

/** Name → what it must be, and why; a setting that is anything else is reported. */
const settings: readonly { name: string; right: readonly string[]; level: 'problem' | 'warning'; why: string }[] = [
  {
    ...{ name: 'fsync', right: ['on'], level: 'problem' },
    why: 'after a power cut the database may be beyond repair, confirmed money with it',
  },
  {
    ...{ name: 'full_page_writes', right: ['on'], level: 'problem' },
    why: 'a page half written at a power cut is lost',
  },
  {
    ...{ name: 'synchronous_commit', right: ['on', 'local', 'remote_write', 'remote_apply'], level: 'problem' },
    why: 'a receipt would reach the phone before it is on disk, and the phone would forget the mutation',
  },
  {
    ...{ name: 'default_transaction_isolation', right: ['read committed'], level: 'problem' },
    why: 'versions are given by later statements that must see what was committed meanwhile',
  },
  {
    ...{ name: 'default_transaction_read_only', right: ['off'], level: 'problem' },
    why: 'no mutation could be applied',
  },
  {
    ...{ name: 'session_replication_role', right: ['origin', 'local'], level: 'warning' },
    why: 'ordinary triggers and foreign keys do not fire (the engine’s own do)',
  },
  { ...{ name: 'autovacuum', right: ['on'], level: 'warning' }, why: 'queues such as sync.dirty would swell for ever' },
  {
    ...{ name: 'wal_level', right: ['replica', 'logical'], level: 'warning' },
    why: 'neither a standby nor a restore to a moment is possible',
  },
];

export const serverSettings: Check = {
  name: 'settings',
  needsSchema: false,
  async run(db, { connectionsPerNode, pooler }) {
    const rows = await rowsOf<{ name: string; value: string }>(
      db,
      sql`select name, setting as value from pg_settings where source <> 'client'`,
    );
    const values = new Map(rows.map(({ name, value }) => [name, value]));
    const wrong = settings.flatMap(({ name, right, level, why }) => {
      const value = values.get(name);
      if (value === undefined || right.includes(value)) return [];
      const remedy = `set ${name} = ${right[0]}`;
      const says = `${name} is ${value}: ${why}`;
      return [level === 'problem' ? problem(says, remedy) : warning(says, remedy)];
    });
    const number = (name: string) => Number(values.get(name) ?? 0);
    const room = number('max_connections') - number('superuser_reserved_connections');
    // Beside its pool a node has two for the outbox and one while it starts.
    const needed = connectionsPerNode + 3;
    const nodes = Math.floor(room / needed);
    const connections =
      pooler !== undefined || nodes >= 3
        ? []
        : [
            warning(
              `max_connections leaves ${room} connections: enough for ${plural(nodes, 'node')} of ${needed}`,
              'raise max_connections, lower EKBAAR_CONNECTIONS, or put a pooler in front',
            ),
          ];
    return wrong.length + connections.length > 0 ? [...wrong, ...connections] : [fine(`durable, ${room} connections`)];
  },
};

export const clockSkew: Check = {
  name: 'clock',
  needsSchema: false,
  async run(db, { clock }) {
    const before = clock().getTime();
    const [row] = await rowsOf<{ ms: number }>(
      db,
      sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
    );
    const after = clock().getTime();
    const skew = (row?.ms ?? 0) - (before + after) / 2;
    // The answer may have been on its way for all of that time.
    const sure = Math.max(0, Math.abs(skew) - (after - before) / 2);
    const says = `the database is ${(Math.abs(skew) / 1000).toFixed(1)} s ${skew < 0 ? 'behind' : 'ahead of'} this machine`;
    const remedy = 'run NTP (chrony, systemd-timesyncd) on both: receipts carry the time of whoever wrote them';
    if (sure > mostSkewMs.problem) return [problem(says, remedy)];
    return [sure > mostSkewMs.warning ? warning(says, remedy) : fine(says)];
  },
};

export const poolerMode: Check = {
  name: 'pooler',
  needsSchema: false,
  async run(_db, { pooler, pooled }) {
    if (pooled && pooler === undefined) {
      return [
        problem(
          'DATABASE_URL leads to a pooler in transaction mode, and nobody said so: settings and locks of a session go astray',
          'set DATABASE_POOLER=transaction (pooler: "transaction")',
        ),
      ];
    }
    if (!pooled && pooler !== undefined) {
      return [
        note('no pooler in transaction mode was noticed, though DATABASE_POOLER says so: it costs prepared statements'),
      ];
    }
    return [fine(pooled ? 'in transaction mode, as said' : 'none in transaction mode')];
  },
};

export const standbys: Check = {
  name: 'standbys',
  needsSchema: false,
  async run(db) {
    const rows = await rowsOf<{ name: string; state: string; sync: string; lag: string | number | null }>(
      db,
      sql`select application_name as name, coalesce(state, 'hidden') as state, coalesce(sync_state, '') as sync,
            extract(epoch from replay_lag)::float8 as lag from pg_stat_replication where application_name <> 'pg_basebackup'`,
    );
    const slots = await rowsOf<{ name: string; bytes: string | number | null }>(
      db,
      sql`select slot_name as name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 as bytes
          from pg_replication_slots where not active`,
    );
    const lagging = rows.map(({ name, state, sync, lag }) => {
      const seconds = Number(lag ?? 0);
      const says = `${name || 'a standby'} is ${state}${sync === '' ? '' : ` (${sync})`}, ${seconds.toFixed(1)} s behind`;
      return seconds > 30
        ? warning(says, 'deltas from it are old: look at its disk, its network and long queries on it')
        : fine(says);
    });
    const left = slots.map(({ name, bytes }) =>
      warning(
        `nobody reads the replication slot "${name}"; it keeps ${Math.round(Number(bytes ?? 0) / 1048576)} MiB of log`,
        `bring its reader back or drop it: select pg_drop_replication_slot('${name}')`,
      ),
    );
    return [...(lagging.length > 0 ? lagging : [note('none is connected')]), ...left];
  },
};

export const longTransactions: Check = {
  name: 'transactions',
  needsSchema: false,
  async run(db) {
    const rows = await rowsOf<{ pid: number; name: string; state: string; minutes: number }>(
      db,
      sql`select pid, coalesce(application_name, '') as name, coalesce(state, '') as state,
            (extract(epoch from clock_timestamp() - xact_start) / 60)::float8 as minutes
          from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
            and xact_start < clock_timestamp() - make_interval(mins => ${longTransactionMinutes}) order by xact_start limit 5`,
    );
    if (rows.length === 0) return [fine(`none is open for more than ${longTransactionMinutes} minutes`)];
    return rows.map(({ pid, name, state, minutes }) =>
      warning(
        `process ${pid}${name === '' ? '' : ` (${name})`} has one open for ${Math.round(minutes)} minutes, ${state}`,
        `what it wrote is not published, and nothing is vacuumed: end it, or select pg_terminate_backend(${pid})`,
      ),
    );
  },
};
