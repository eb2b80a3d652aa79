import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { takeBaseBackup } from './base-backup.ts';
import type { PostgresOptions, PostgresServer } from './postgres.ts';

/** A streaming standby, whose lag is the test's. */
export interface Standby {
  readonly server: PostgresServer;
  /** Of the same database as `url` of the primary. */
  urlOf(url: string): string;
  /** Stops the replay: what the primary commits from here on is not seen here. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Resolves when everything is seen here that the primary had written when it was called. */
  caughtUp(): Promise<void>;
  /** Makes it a primary of its own; resolves when it takes writes. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/** Takes a base backup of a running primary and starts a standby from it that streams. */
export async function startStandby(primary: PostgresServer, options?: PostgresOptions): Promise<Standby> {
  const backup = await takeBaseBackup(primary);
  let server: PostgresServer;
  try {
    server = await backup.startStandby(options);
  } finally {
    await backup.remove();
  }
  const ask = async <Row extends object>(url: string, statement: string) => {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    try {
      return await sql.unsafe<Row[]>(statement);
    } finally {
      await sql.end();
    }
  };
  const until = async (question: string) => {
    for (;;) {
      const [row] = await ask<{ yes: boolean | null }>(server.url, `select ${question} as yes`);
      if (row?.yes === true) return;
      await sleep(20);
    }
  };
  return {
    server,
    urlOf: (url) => {
      const own = new URL(server.url);
      own.pathname = new URL(url).pathname;
      return own.href;
    },
    async pause() {
      await ask(server.url, 'select pg_wal_replay_pause()');
      await until(`pg_get_wal_replay_pause_state() = 'paused'`);
    },
    resume: async () => void (await ask(server.url, 'select pg_wal_replay_resume()')),
    async caughtUp() {
      const [row] = await ask<{ lsn: string }>(primary.url, 'select pg_current_wal_flush_lsn() as lsn');
      await until(`pg_last_wal_replay_lsn() >= '${row?.lsn}'::pg_lsn`);
    },
    async promote() {
      await ask(server.url, 'select pg_promote()');
      await until('not pg_is_in_recovery()');
    },
    stop: () => server.stop(),
  };
}
