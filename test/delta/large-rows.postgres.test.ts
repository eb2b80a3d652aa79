import { Delta } from '@ekbaar/sdk/protocol';
import { postgresDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NotesServer, startNotes } from '../dead-letters/notes-server.ts';
import { Replica } from '../protocol/replica.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const rows = 24;
const rowBytes = 900_000;
const mostBytes = 4 * 1024 * 1024 + rowBytes + 10_000;

let fresh: FreshDatabase;
let notes: NotesServer;
let token: string;
beforeAll(async () => {
  fresh = await freshDatabase();
  notes = await startNotes({ database: postgresDatabase(fresh.url) });
  token = await notes.token('w1', 'writer');
  const wide = (from: number, to: number) => sql`
    insert into notes select 'pennco', 'n' || lpad(n::text, 3, '0'), 'w1',
      case when n = 5 then repeat('x', 6 * 1024 * 1024) else repeat('y', ${rowBytes}) end
    from generate_series(${from}::int, ${to}::int) n`;
  await notes.database.db.execute(wide(1, rows / 2));
  await notes.database.db.execute(wide(rows / 2 + 1, rows));
});
afterAll(async () => {
  await notes.stop();
  await fresh.drop();
});

test('a page of large rows ends before it outgrows anybody, and no row is left out or comes twice', async () => {
  const replica = new Replica();
  const published = () => notes.rows<{ n: number }>(sql`select count(*)::int as n from sync.changes`);
  await expect.poll(async () => (await published())[0]?.n, { timeout: 20_000 }).toBe(rows);
  const sizes: number[] = [];
  const ids: string[] = [];
  for (let more = true; more;) {
    const asked = replica.cursor === null ? {} : { cursor: replica.cursor };
    const { status, text, body } = await notes.get(`/v1/pull?${new URLSearchParams(asked)}`, token);
    expect(status).toBe(200);
    const delta = Delta.parse(body);
    sizes.push(text.length);
    ids.push(...delta.changes.map(({ id }) => id));
    replica.apply(delta);
    ({ more } = delta);
  }
  expect(ids.length).toBe(rows);
  expect(new Set(ids).size).toBe(rows);
  // One is larger than a page: it comes all the same.
  expect(sizes.filter((size) => size > mostBytes)).toHaveLength(1);
  expect(sizes.length).toBeGreaterThan(4);
});

test('so does a page of a collection', async () => {
  const ids: string[] = [];
  const sizes: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const asked: Record<string, string> = { sort: '-id', ...(cursor === '' ? {} : { cursor }) };
    const { status, text, body } = await notes.get(`/v1/collections/notes?${new URLSearchParams(asked)}`, token);
    expect(status).toBe(200);
    const page = body as { rows: { id: string }[]; next: string | null };
    ids.push(...page.rows.map(({ id }) => id));
    sizes.push(text.length);
    cursor = page.next;
  }
  expect(ids).toHaveLength(rows);
  expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
  expect(sizes.length).toBeGreaterThan(4);
  expect(sizes.filter((size) => size > mostBytes)).toHaveLength(1);
});
