import { postgresDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { device } from '../protocol/device.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { bury, type NotesServer, startNotes } from './notes-server.ts';

let database: FreshDatabase;
let notes: NotesServer;
let writer: string;
let ops: string;
beforeAll(async () => {
  database = await freshDatabase();
  notes = await startNotes({ database: postgresDatabase(database.url) });
  writer = await notes.token('w1', 'writer');
  ops = await notes.token('olga', 'ops');
});
afterAll(async () => {
  await notes.stop();
  await database.drop();
});

const note = (body: string) => ({ id: crypto.randomUUID(), body });
/** Makes every `write` wait, and says when the first one does. */
function gate() {
  const reached = Promise.withResolvers<void>();
  const open = Promise.withResolvers<void>();
  notes.inTheMiddle = () => {
    reached.resolve();
    return open.promise;
  };
  return { reached: reached.promise, open: () => open.resolve() };
}
/** Resolves when a transaction of the server waits for a lock. */
async function somebodyWaits(): Promise<void> {
  for (;;) {
    const [row] = await notes.rows<{ waits: boolean }>(
      sql`select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waits`,
    );
    if (row?.waits === true) return;
  }
}

test('two retries at once: one runs, the other is told', async () => {
  const args = note('saved');
  const key = await bury(notes, device(notes, writer), args);
  let runs = 0;
  const { reached, open } = gate();
  const held = notes.inTheMiddle;
  notes.inTheMiddle = (body) => {
    runs += 1;
    return held(body);
  };
  const first = notes.retry(ops, key);
  await reached;
  const second = notes.retry(ops, key);
  await somebodyWaits();
  open();
  expect((await first).body).toMatchObject({ status: 'applied' });
  expect((await second).body).toMatchObject({ status: 409, code: 'not_dead' });
  expect(runs).toBe(1);
  expect(await notes.rows(sql`select action from sync.audit where subject = ${key}`)).toEqual([
    { action: 'dead_letter.retried' },
  ]);
});

test('a retry and a closing at once: one of the two', async () => {
  const key = await bury(notes, device(notes, writer), note('saved'));
  const { reached, open } = gate();
  const retry = notes.retry(ops, key);
  await reached;
  const close = notes.close(ops, key, 'by hand');
  await somebodyWaits();
  open();
  expect((await retry).status).toBe(200);
  expect((await close).body).toMatchObject({ code: 'not_dead' });
  expect(await notes.rows(sql`select status, close_reason from sync.receipts where key = ${key}`)).toEqual([
    { status: 'applied', close_reason: null },
  ]);
});

test('a retry and a push of the same client come one after the other, in either order', async () => {
  const phone = device(notes, writer);
  const key = await bury(notes, phone, note('saved'));
  const retrying = gate();
  const retry = notes.retry(ops, key);
  await retrying.reached;
  const push = phone.sync({ mutations: phone.next({ name: 'write', args: note('next') }) });
  await somebodyWaits();
  retrying.open();
  expect((await retry).status).toBe(200);
  expect((await push).receipts).toMatchObject([{ id: 2, status: 'applied' }]);

  const other = await bury(notes, phone, note('saved too'));
  const pushing = gate();
  const before = phone.sync({ mutations: phone.next({ name: 'write', args: note('before') }) });
  await pushing.reached;
  const after = notes.retry(ops, other);
  await somebodyWaits();
  pushing.open();
  expect((await before).receipts).toMatchObject([{ status: 'applied' }]);
  expect((await after).body).toMatchObject({ status: 'applied' });
});

test('a retry of what a clone of the phone sends again meanwhile: once, and both hear the same', async () => {
  const phone = device(notes, writer);
  const args = note('saved');
  const key = await bury(notes, phone, args);
  const { reached, open } = gate();
  const retry = notes.retry(ops, key);
  await reached;
  const clone = device(notes, writer);
  const again = { mutations: clone.next({ name: 'write', args, key }) };
  // What is not committed does not count: it is still dead to everybody else.
  expect((await clone.sync(again)).receipts).toMatchObject([{ status: 'dead', replayed: true }]);
  open();
  expect((await retry).body).toMatchObject({ status: 'applied' });
  expect((await clone.sync(again)).receipts).toMatchObject([{ status: 'applied', replayed: true }]);
  expect(await notes.rows(sql`select from notes where id = ${args.id}`)).toHaveLength(1);
});

test('a database that fails the retry leaves everything as it was, and no try counted', async () => {
  const key = await bury(notes, device(notes, writer), note('saved'));
  const state = () =>
    notes.rows(sql`select r.status, r.retried_at, h.tries, (select count(*)::int from sync.audit where subject = ${key}) as audited
      from sync.receipts r join sync.halts h using (tenant, key) where key = ${key}`);
  const before = await state();
  notes.inTheMiddle = async () => {
    await notes.rows(sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and state = 'idle in transaction'`);
  };
  expect((await notes.retry(ops, key)).body).toMatchObject({ status: 503 });
  expect(await state()).toEqual(before);
  notes.inTheMiddle = () => {};
  expect((await notes.retry(ops, key)).status).toBe(200);
});
