import { Delta } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NotesServer, startNotes } from '../dead-letters/notes-server.ts';
import { problemIn } from '../protocol/problem.ts';

const most = 20_000;

let notes: NotesServer;
let writer: string;
beforeAll(async () => {
  notes = await startNotes({ scopes: () => [{ prefix: 'owner:' }] });
  writer = await notes.token('w1', 'writer');
  await notes.rows(
    sql`insert into sync.scopes (tenant, scope, version) select 'pennco', 'owner:' || n, 1 from generate_series(1, ${most}) n`,
  );
});
afterAll(() => notes.stop());

test('a reader of as many scopes as a cursor holds comes back with it; one scope more, and the log says what to do', async () => {
  const pull = (asked: Record<string, string>) => notes.get(`/v1/pull?${new URLSearchParams(asked)}`, writer);
  const { cursor } = Delta.parse((await pull({})).body);
  const again = Delta.parse((await pull({ cursor })).body);
  expect([Object.keys(again.scopes).length, again.reset, again.dropped]).toEqual([most, [], []]);

  await notes.rows(sql`insert into sync.scopes (tenant, scope, version) values ('pennco', 'owner:one more', 1)`);
  const refused = await pull({ cursor });
  expect(refused.status).toBe(500);
  expect(problemIn(refused).code).toBe('internal');
  expect(notes.logged()).toContain('reads 20001 scopes at once, and a cursor holds at most 20000');
  expect((await pull({ scope: 'owner:1' })).status).toBe(200);
});
