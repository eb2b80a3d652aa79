import type { ReadableScope } from '@ekbaar/server';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Delta } from '@ekbaar/sdk/protocol';
import { collection, defineModel } from '@ekbaar/sdk/model';
import { by } from '@ekbaar/server';
import { pgTable, text } from 'drizzle-orm/pg-core';
import * as z from 'zod/mini';
import { device } from '../protocol/device.ts';
import { openEvents } from '../protocol/event-stream.ts';
import { problemIn } from '../protocol/problem.ts';
import { catchUp, Replica } from '../protocol/replica.ts';
import { bury, type NotesServer, startNotes } from './notes-server.ts';

let notes: NotesServer;
let ops: string;
/** What the app answers when it is asked what an actor may read; the own notes unless a test says otherwise. */
let readable: readonly ReadableScope[] | undefined;
beforeAll(async () => {
  notes = await startNotes({ scopes: ({ id }) => readable ?? [`owner:${id}`] });
  ops = await notes.token('olga', 'ops');
});
afterAll(() => notes.stop());

/** The machine may be slow; what is waited for comes. */
const patience = { timeout: 30_000, interval: 20 };

/** Somebody of their own for each test, with a phone. */
async function somebody() {
  const name = `w-${crypto.randomUUID()}`;
  const token = await notes.token(name, 'writer');
  return { name, token, phone: device(notes, token), scope: `actor:${name}` };
}
const note = (body: string) => ({ id: crypto.randomUUID(), body });
const pull = async (token: string, query = '') => Delta.parse((await notes.get(`/v1/pull${query}`, token)).body);

describe('an actor’s own scope', () => {
  test('is not there while there is nothing in it', async () => {
    const { name, phone, token, scope } = await somebody();
    await phone.mutate({ name: 'write', args: note('fine') });
    await bury(notes, phone, note('dead, and not handled yet'));
    expect(Object.keys((await phone.sync()).delta.scopes)).toEqual([`owner:${name}`]);
    expect((await pull(token, `?scope=${scope}`)).scopes).toEqual({});
  });

  test('brings what ops retried, with its rows, in one version', async () => {
    const { name, phone, scope } = await somebody();
    const replica = new Replica();
    const args = note('saved');
    const key = await bury(notes, phone, args);
    const ask = async (cursor: string | null) => (await phone.sync({ cursor })).delta;
    await catchUp(replica, ask);
    await notes.retry(ops, key);
    const { changes, scopes } = await ask(replica.cursor);
    expect(changes.map((change) => [change.scope, change.collection, change.id])).toEqual([
      [scope, 'receipts', key],
      [`owner:${name}`, 'notes', args.id],
    ]);
    expect(changes[0]?.row).toEqual({
      ...{ key, name: 'write', status: 'applied', result: { length: 5 }, clientId: phone.clientId, mutationId: 1 },
      ...{ retriedAt: expect.stringMatching(/^2026-11-22T1\d:\d\d:00\.000Z$/), closedAt: null, closeReason: null },
    });
    expect(scopes[scope]).toMatchObject({ version: 1, rows: 1 });
    await catchUp(replica, ask);
    expect([...replica.rows.keys()]).toEqual([`notes/${args.id}`, `receipts/${key}`]);
  });

  test('brings refusals and closings with their reasons, and nothing null in the outcome', async () => {
    const { phone } = await somebody();
    const taken = note('taken');
    const refused = await bury(notes, phone, taken);
    await phone.mutate({ name: 'write', args: { ...taken, body: 'by somebody' } });
    const closed = await bury(notes, phone, note('by hand'));
    await notes.retry(ops, refused);
    await notes.close(ops, closed, 'paid at the branch');
    const rows = (await phone.sync()).delta.changes.filter(({ collection: name }) => name === 'receipts');
    const byKey = Object.fromEntries(rows.map(({ id, row }) => [id, row]));
    expect(byKey[refused]).toMatchObject({ status: 'rejected', error: { code: 'taken' }, closedAt: null });
    expect(byKey[refused]).not.toHaveProperty('result');
    expect(byKey[closed]).toMatchObject({
      ...{ status: 'dead', error: { code: 'halted' }, retriedAt: null },
      ...{ closedAt: expect.any(String), closeReason: 'paid at the branch' },
    });
    // What is for operations alone stays with them.
    for (const row of rows) expect(Object.keys(row.row ?? {})).not.toEqual(expect.arrayContaining(['args']));
  });

  test('reaches every device of the actor, with another client id too, and may be pulled alone', async () => {
    const { phone, token, scope } = await somebody();
    const key = await bury(notes, phone, note('saved'));
    await notes.retry(ops, key);
    const elsewhere = await device(notes, token).sync();
    expect(elsewhere.delta.changes.map(({ id }) => id)).toContain(key);
    const alone = await pull(token, `?scope=${scope}`);
    expect(alone.changes.map(({ id }) => id)).toEqual([key]);
    expect((await pull(token, `?scope=${scope}&cursor=${alone.cursor}`)).changes).toEqual([]);
  });

  test('pokes its actor and nobody else', async () => {
    const { phone, token, scope } = await somebody();
    const key = await bury(notes, phone, note('saved'));
    readable = [{ prefix: '' }];
    const nosy = await notes.token('nosy', 'writer');
    const [own, other] = [await openEvents(notes.url, token), await openEvents(notes.url, nosy)];
    await notes.retry(ops, key);
    await vi.waitFor(() => expect(Object.assign({}, ...own.pokes())).toMatchObject({ [scope]: 1 }), patience);
    // Both hear of the note; who may not read the actor's scope hears of nothing else.
    await vi.waitFor(() => expect(other.pokes()).not.toEqual([]), patience);
    expect(other.text()).toContain('owner:');
    expect(other.text()).not.toContain('actor:');
    own.close();
    other.close();
    readable = undefined;
  });
});

describe('nobody else reads it', () => {
  const asking: [string, (victim: string) => readonly ReadableScope[]][] = [
    ['every scope', () => [{ prefix: '' }]],
    ['what begins with a', () => [{ prefix: 'a' }]],
    ['all scopes of actors', () => [{ prefix: 'actor:' }]],
    ['by prefix that very actor', (victim) => [{ prefix: `actor:${victim}` }]],
    ['that very scope', (victim) => [`actor:${victim}`]],
  ];
  test.for(asking)('though the app says that they may read %s', async ([, scopes]) => {
    const victim = await somebody();
    const key = await bury(notes, victim.phone, note('private'));
    await notes.retry(ops, key);
    const nosy = await notes.token('nosy', 'writer');
    readable = scopes(victim.name);
    try {
      const { text, body } = await notes.get('/v1/pull', nosy);
      expect(Delta.safeParse(body).success).toBe(true);
      expect(text).not.toContain(key);
      expect(text).not.toContain(victim.scope);
      expect(problemIn(await notes.get(`/v1/pull?scope=${victim.scope}`, nosy)).code).toBe('forbidden');
      const synced = await device(notes, nosy).sync({ diverged: [victim.scope] });
      expect(JSON.stringify(synced)).not.toContain(key);
      // With the victim's own cursor: what it names is dropped, not sent.
      const { cursor } = await pull(victim.token);
      const stolen = await notes.get(`/v1/pull?cursor=${cursor}`, nosy);
      expect(stolen.text).not.toContain(key);
      expect(Delta.parse(stolen.body).dropped).toContain(victim.scope);
    } finally {
      readable = undefined;
    }
    expect((await pull(victim.token)).changes.map(({ id }) => id)).toContain(key);
  });

  test('nor does the same name in another tenant', async () => {
    const victim = await somebody();
    await notes.retry(ops, await bury(notes, victim.phone, note('private')));
    const namesake = await notes.token(victim.name, 'writer', 'vishi');
    expect(await pull(namesake)).toMatchObject({ changes: [], scopes: { [`owner:${victim.name}`]: { version: 0 } } });
    expect((await pull(namesake)).scopes).not.toHaveProperty(victim.scope);
  });

  test('and no list of rows over REST has it', async () => {
    const { token, phone } = await somebody();
    const key = await bury(notes, phone, note('saved'));
    await notes.retry(ops, key);
    expect(problemIn(await notes.get('/v1/collections/receipts', token)).code).toBe('not_found');
    expect(problemIn(await notes.get(`/v1/collections/receipts/${key}`, token)).code).toBe('not_found');
  });
});

describe('its names are the engine’s', () => {
  test('no table has scopes of the kind "actor"', () => {
    expect(() => by('actor', pgTable('t', { owner: text() }).owner)).toThrow('"actor"');
  });

  test('no model has a collection "receipts"', () => {
    const receipts = collection({ schema: z.object({ id: z.string() }), key: 'id' });
    expect(() => defineModel({ version: 1, collections: { receipts }, mutations: {} })).toThrow('"receipts"');
  });
});
