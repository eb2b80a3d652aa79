import { afterEach, beforeEach, expect, test } from 'vitest';
import { sqliteDirectory } from '../../testing/sqlite-directory.ts';
import { World } from '../../testing/world.ts';
import { sqliteStore } from './index.ts';

const { open } = sqliteDirectory();

let world: World;
let names = 0;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Another factory is another process, as far as SQLite knows. */
const store = (prefix: string) => sqliteStore({ open, prefix });
const fresh = () => `client-${(names += 1)}-`;

test('a client on SQLite keeps what was done without a line, over a restart, and sends it once', async () => {
  const prefix = fresh();
  const first = await world.synced({ store: store(prefix) });
  expect(await first.read('deliveries', { where: { status: 'pending' }, orderBy: '-amountPaise' })).toMatchObject([
    { id: 'd2' },
    { id: 'd1' },
  ]);
  await first.close();

  const offline = () => Promise.reject(new TypeError('fetch failed'));
  const out = await world.client({ store: store(prefix), platform: { fetch: offline } });
  const { key } = await out.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  const notes = await Promise.all(Array.from({ length: 20 }, (_, at) => out.mutate('note', { text: `note ${at} ₹` })));
  expect(notes.map(({ id }) => id)).toEqual(notes.map((_, at) => at + 2));
  await out.close();

  const back = await world.client({ store: store(prefix) });
  expect(await back.read('deliveries', { where: { id: 'd1' } })).toMatchObject([{ status: 'confirmed' }]);
  expect(await back.readMutations()).toHaveLength(21);
  await world.settle(back);
  expect(world.server.applied.get(key)).toBe(1);
  for (const note of notes) expect(world.server.applied.get(note.key)).toBe(1);
});

test('a mutation that finds the disk full is refused, and nothing of it stays', async () => {
  let pages = 10_000;
  const client = await world.synced({
    store: sqliteStore({
      prefix: fresh(),
      open: async (file) => {
        const driver = await open(file);
        const run: typeof driver.run = async (sql, params) => {
          if (sql.startsWith('BEGIN')) await driver.all(`PRAGMA max_page_count = ${pages}`, []);
          return driver.run(sql, params);
        };
        return { ...driver, run };
      },
    }),
  });
  pages = 1;
  const refused = client.mutate('note', { text: 'x'.repeat(100_000) });
  await expect(refused).rejects.toMatchObject({ code: 'not_saved', cause: { code: 'store_full' } });
  pages = 10_000;
  // It was shown while it was being written.
  await expect.poll(() => client.readMutations()).toEqual([]);
  expect((await client.mutate('note', { text: 'fits' })).id).toBe(1);
});

test('who signs in next finds nothing of the one before', async () => {
  const factory = store(fresh());
  const one = await world.synced({ store: factory });
  expect(await one.read('deliveries')).toHaveLength(2);
  const other = await world.client({ store: factory, actor: { tenant: 'pennco', id: 'A1' } });
  expect(await other.read('deliveries')).toEqual([]);
});
