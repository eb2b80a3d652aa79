import { Delta } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { startWatchedServer } from '../observability/watched-server.ts';

test('a page that another reader had a moment ago is not given to one whose snapshot has newer rows', async () => {
  const server = await startWatchedServer();
  const writer = await server.token('w', 'writer');
  for (const id of ['n1', 'n2']) await server.mutate(writer, 'write', { id, body: 'first', failure: 'none' });
  const pull = async () => Delta.parse((await server.get('/v1/pull', writer)).body);
  const rows = async () => (await pull()).changes.map(({ id, row }) => [id, row?.['body'] ?? null]);
  expect(await rows()).toEqual([
    ['n1', 'first'],
    ['n2', 'first'],
  ]);
  // Another program: its writes have no versions until they are swept.
  await server.database.db.execute(sql`update notes set body = 'second' where id = 'n1'`);
  await server.database.db.execute(sql`update notes set owner = 'somebody else' where id = 'n2'`);
  const before = await pull();
  expect(before.changes.map(({ id, row }) => [id, row?.['body'] ?? null])).toEqual([
    ['n1', 'second'],
    ['n2', null],
  ]);
  // Nor is what that reader had given to others, when the rows have moved on.
  await server.database.db.execute(sql`update notes set body = 'third' where id = 'n1'`);
  expect(await rows()).toEqual([
    ['n1', 'third'],
    ['n2', null],
  ]);
  await server.sweep();
  expect(await rows()).toEqual([['n1', 'third']]);
  await server.close();
});
