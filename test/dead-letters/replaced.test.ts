import { createClient } from '@ekbaar/sdk';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { model, type NotesServer, startNotes } from './notes-server.ts';

let notes: NotesServer;
let ops: string;
/** Another one in each test, so that one server will do. */
let person = '';
let persons = 0;
let token: string;
beforeAll(async () => {
  notes = await startNotes();
  ops = await notes.token('olga', 'ops');
}, 180_000);
afterAll(() => notes.stop());
beforeEach(async () => {
  person = `w${(persons += 1)}`;
  token = await notes.token(person, 'writer');
});

const money = () => ({ id: `${person}-1`, body: 'paid 500' });
const inItsPlace = () => ({ ...money(), id: `${person}-2` });
const written = () => notes.rows<{ id: string; body: string }>(sql`select id, body from notes where owner = ${person}`);

/** A phone whose payment the server gave up on; the bug is mended since. */
async function phoneWithLetter() {
  const client = await createClient({
    model,
    url: notes.url,
    actor: { tenant: 'pennco', id: person },
    token: () => token,
    store: memoryStore(),
  });
  notes.inTheMiddle = () => {
    throw new Error('a bug of the app');
  };
  const { key } = await client.mutate('write', money());
  await client.sync().catch(() => {});
  notes.passMinutes(20);
  // What is halted makes a sync reject.
  for (let round = 0; round < 20 && client.status.get().needsAttention === 0; round++)
    await client.sync().catch(() => {});
  expect(await client.deadLetters.read()).toMatchObject([{ key }]);
  notes.inTheMiddle = () => {};
  return { client, key };
}

/** The same letter closed and done again, as another note, so that nothing but the engine keeps it from happening twice. */
async function replaced() {
  const { client, key } = await phoneWithLetter();
  await notes.close(ops, key, 'do it again');
  await client.sync();
  const again = await client.deadLetters.resend({ key, name: 'write' }, inItsPlace());
  expect(await again.confirmed).toMatchObject({ state: 'applied' });
  return { client, key, again: again.key };
}

/** Back to a backup of before the letter was closed; `all`: of before it was one. */
async function restore(keys: { key: string; again: string }, all: boolean) {
  await notes.rows(sql`delete from notes where owner = ${person}`);
  await notes.rows(sql`delete from sync.receipts where key = ${keys.again}`);
  if (all) await notes.rows(sql`delete from sync.receipts where key = ${keys.key}`);
  else await notes.rows(sql`update sync.receipts set closed_at = null, close_reason = null where key = ${keys.key}`);
  await notes.rows(sql`update sync.clients set last_mutation_id = ${all ? 0 : 1} where actor = ${person}`);
}

test.for([false, true])(
  'a restored server hears from the phone that a closed letter was done again, and never runs it (letter lost too: %s)',
  async (all) => {
    const { client, ...keys } = await replaced();
    await restore(keys, all);
    await client.sync();
    expect(await written()).toEqual([inItsPlace()]);
    expect(await notes.retry(ops, keys.key)).toMatchObject({ status: 409 });
    expect(await written()).toHaveLength(1);
    expect(client.status.get()).toMatchObject({ pending: 0, needsAttention: 0 });
    expect(await client.readMutations()).toMatchObject([
      { state: 'dead', replacedBy: keys.again, closeReason: `${keys.again} was applied in its place` },
      { state: 'applied', replaces: keys.key },
    ]);
    await client.close();
  },
);

test('operations of a restored server were faster: what the phone did in its place is theirs to settle', async () => {
  const { client, ...keys } = await replaced();
  await restore(keys, false);
  expect(await notes.retry(ops, keys.key)).toMatchObject({ status: 200 });
  await client.sync();
  expect(await written()).toEqual([money()]);
  expect(await client.readMutations()).toMatchObject([
    { key: keys.key, state: 'applied' },
    { key: keys.again, state: 'dead', error: { code: 'after_restore', details: { code: 'already_done' } } },
  ]);
  await client.close();
});

test('who says mayRunTwice has it happen once all the same, whoever is faster', async () => {
  const { client, key } = await phoneWithLetter();
  expect(await notes.retry(ops, key)).toMatchObject({ status: 200 });
  // The phone has not heard of it.
  const again = await client.deadLetters.resend({ key, name: 'write' }, inItsPlace(), { mayRunTwice: true });
  expect(await again.confirmed).toMatchObject({ state: 'rejected', error: { code: 'already_done' } });
  expect(await written()).toEqual([money()]);
  await client.close();
});

test('only a letter of the same person and name is closed by it', async () => {
  const { client, key } = await phoneWithLetter();
  const other = await notes.token('somebody else', 'writer');
  const mutation = { id: 1, key: crypto.randomUUID(), name: 'write', args: { id: 'n9', body: 'x' }, replaces: key };
  const { receipts } = await notes.sync(other, {
    mutations: [{ ...mutation, at: new Date().toISOString(), model: 1 }],
  });
  expect(receipts).toMatchObject([{ status: 'applied' }]);
  expect(await notes.retry(ops, key)).toMatchObject({ status: 200 });
  await client.close();
});
