import { afterEach, beforeEach, expect, test } from 'vitest';
import { StoreFullError } from '../errors.ts';
import { memoryStore } from '../store/memory/index.ts';
import { smallDisk, type SmallDisk } from '../testing/small-disk.ts';
import { World } from '../testing/world.ts';
import { wrapStore } from '../testing/wrap-store.ts';

const halfAnHour = 30 * 60_000;

let world: World;

beforeEach(() => {
  world = new World();
  world.server.pageSize = 5;
  for (let at = 3; at <= 20; at += 1) {
    world.server.write('deliveries', `d${at}`, { id: `d${at}`, status: 'pending', amountPaise: at });
  }
});

afterEach(async () => {
  await world.close();
});

type AnyClient = Awaited<ReturnType<World['client']>>;

const quiet = (client: AnyClient) =>
  world.clock.until(() => !client.status.get().syncing && client.status.get().lastError !== null, 'a pass to end');

/** Notes, one after the other, each sent before the next. */
async function note(client: AnyClient, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    const { key } = await client.mutate('note', { text });
    await world.clock.until(() => world.server.applied.get(key) === 1, text);
  }
  await world.clock.until(() => client.status.get().pending === 0, 'the receipts');
}

async function rows(client: AnyClient): Promise<number> {
  return (await client.read('deliveries')).length;
}

test('rows that do not fit are left aside; what was captured is sent, and its outcomes are kept', async () => {
  const disk = smallDisk(memoryStore(), { room: 12, reserved: 3 });
  const client = await world.client({ store: disk.store });
  await quiet(client);
  expect(client.status.get().lastError?.code).toBe('store_full');
  // One page fits, and the reserve is untouched.
  expect(await rows(client)).toBe(5);
  expect(disk.reserved).toBe(3);

  const requests = world.server.requests.length;
  await note(client, 'a', 'b', 'c', 'd', 'e');
  // The last of them stand in the reserve; rows have been asked for one by one meanwhile.
  expect(disk.reserved).toBe(0);
  expect(world.server.requests.slice(requests).every(({ limit }) => limit === 1)).toBe(true);
  expect(await rows(client)).toBe(5);
  expect(client.status.get()).toMatchObject({ pending: 0, lastSyncedAt: null });

  // Somebody deletes a film: with time, everything comes.
  disk.room = 1000;
  await world.clock.pass(halfAnHour);
  await world.settle(client);
  expect(await rows(client)).toBe(20);
  expect(disk.reserved).toBe(3);
  expect(client.status.get().lastError).toBeNull();
});

test('when the reserve is used up, the rows go, once: they do not come back before there is room', async () => {
  const disk = smallDisk(memoryStore(), { room: 12, reserved: 1 });
  const client = await world.client({ store: disk.store });
  await quiet(client);
  const before = world.server.requests.length;
  await note(client, 'a', 'b', 'c', 'd', 'e');
  expect(await rows(client)).toBe(0);
  await note(client, 'f', 'g', 'h', 'i', 'j', 'k', 'l');
  await expect(client.mutate('note', { text: 'too many' })).rejects.toMatchObject({ code: 'not_saved' });
  expect(await client.readMutations()).toHaveLength(12);
  const asked = world.server.requests.slice(before);
  expect(Math.max(...asked.map(({ limit }) => limit))).toBe(1);
  await fills(disk, client);
});

test('a disk where deleting makes no room keeps the rows, and says so when there is none', async () => {
  const disk = smallDisk(memoryStore(), { room: 12, reserved: 1, deletingFrees: false });
  const client = await world.client({ store: disk.store });
  await quiet(client);
  const held = await rows(client);
  await note(client, 'a');
  for (;;) {
    const saved = await client.mutate('note', { text: 'b' }).then(
      () => true,
      () => false,
    );
    if (!saved) break;
  }
  expect(await rows(client)).toBe(held);
  await fills(disk, client);
});

test('a phone that starts on a full disk goes on as it was', async () => {
  const disk = smallDisk(memoryStore(), { room: 12, reserved: 3 });
  const first = await world.client({ store: disk.store });
  await quiet(first);
  await note(first, 'a', 'b', 'c');
  await first.close();
  const client = await world.client({ store: disk.store });
  await note(client, 'd', 'e');
  expect(await rows(client)).toBe(5);
  expect(world.server.requests.at(-1)?.limit).toBe(1);
  await fills(disk, client);
});

/** With room again, everything comes. */
async function fills(disk: SmallDisk, client: AnyClient): Promise<void> {
  disk.room = 1000;
  await world.clock.pass(halfAnHour);
  await world.settle(client);
  expect(await rows(client)).toBe(20);
}

test('without a reserve, rows make room for what is captured to be sent', async () => {
  let full = false;
  const store = async (name: string) => {
    const disk = await world.disk(name);
    // As a browser at its quota: every write fails until much was deleted.
    return wrapStore(disk, (tables, mode, body) =>
      disk.transaction(tables, mode, async (tx) => {
        let [writes, clears] = [false, false];
        const result = await body({
          ...tx,
          put: (...given) => {
            writes = true;
            return tx.put(...given);
          },
          clear: (table) => {
            clears = true;
            return tx.clear(table);
          },
        });
        full &&= !clears;
        if (full && writes) throw new StoreFullError(new Error('quota'));
        return result;
      }),
    );
  };
  const client = await world.synced({ store });
  world.isOnline = false;
  const { key } = await client.mutate('note', { text: 'captured' });
  [world.isOnline, full] = [true, true];
  world.tell('online');
  await world.clock.pass(60_000);
  expect(world.server.applied.get(key)).toBe(1);
  expect(client.status.get()).toMatchObject({ pending: 0 });
});
