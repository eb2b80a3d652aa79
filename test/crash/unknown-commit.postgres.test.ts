import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncResponse } from '@ekbaar/sdk/protocol';
import { postgresDatabase } from '@ekbaar/server';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NotesServer, startNotes } from '../dead-letters/notes-server.ts';
import { mutation } from '../protocol/device.ts';
import { problemIn } from '../protocol/problem.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

let server: PostgresServer;
let notes: NotesServer;
let admin: postgres.Sql;
let probe: postgres.Sql;
let writer: string;
beforeAll(async () => {
  // A server of its own: it is told to wait for a standby that there is not.
  server = await startPostgres();
  const { url } = await server.freshDatabase();
  admin = postgres(url, { max: 1, onnotice: () => {} });
  probe = postgres(url, { max: 1, onnotice: () => {} });
  notes = await startNotes({ database: postgresDatabase(url) });
  writer = await notes.token('w1', 'writer');
});
afterAll(async () => {
  await notes.stop();
  await Promise.all([admin.end(), probe.end({ timeout: 1 })]);
  await server.stop();
});

async function standby(name: string): Promise<void> {
  await admin.unsafe(`alter system set synchronous_standby_names = '${name}'`);
  await admin`select pg_reload_conf()`;
}

/** Ends the sessions whose COMMIT waits for the standby, until there is an answer: it is on this disk, and nobody is told. */
async function endCommitsUntil<T>(answered: Promise<T>): Promise<{ answer: T; ended: number }> {
  let waits = true;
  let ended = 0;
  const answer = answered.finally(() => (waits = false));
  while (waits) {
    const rows = await admin`select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`;
    ended += rows.length;
    await sleep(20);
  }
  return { answer: await answer, ended };
}

/** PostgreSQL takes a setting up in its own time: until a commit waits, others would not either. */
async function commitsWait(): Promise<void> {
  for (let ended = 0; ended === 0;) {
    const commit = probe`select pg_logical_emit_message(true, 'probe', '')`.catch(() => undefined);
    ({ ended } = await endCommitsUntil(commit));
  }
}

test.each(['a log', 'REST'])(
  'a COMMIT of %s whose outcome nobody can know is 503, and the retry finds out',
  async (way) => {
    const args = { id: crypto.randomUUID(), body: 'paid' };
    const write = mutation(1, { name: 'write', args });
    const clientId = crypto.randomUUID();
    const send = () =>
      way === 'REST'
        ? notes.post('/v1/mutations/write', writer, args, { 'idempotency-key': write.key })
        : notes.post('/v1/sync', writer, {
            ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1, clientId },
            mutations: [write],
          });

    await standby('nobody');
    await commitsWait();
    const { answer, ended } = await endCommitsUntil(send());
    expect(ended).toBeGreaterThan(0);
    expect(answer.status).toBe(503);
    expect(problemIn(answer).code).toBe('unavailable');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    // It was done all the same.
    expect(await admin`select body from notes where id = ${args.id}`).toEqual([{ body: 'paid' }]);

    await standby('');
    const again = await send();
    expect(again.status).toBe(200);
    const { receipts = [] } = again.body as Partial<SyncResponse>;
    const replayed = again.headers.get('idempotency-replayed') ?? String(receipts[0]?.replayed);
    expect(replayed).toBe('true');
    expect(again.text).toContain('"status":"applied"');
    expect(await admin`select from notes where id = ${args.id}`).toHaveLength(1);
    expect(await admin`select from sync.halts`).toHaveLength(0);
  },
);
