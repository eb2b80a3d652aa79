import { afterEach, beforeEach, expect, test } from 'vitest';
import { idle } from '../testing/fake-clock.ts';
import { slowly } from '../testing/slow-answer.ts';
import { World } from '../testing/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
  for (let at = 0; at < 300; at += 1) world.server.write('notes', `n${at}`, { id: `n${at}`, text: 'x'.repeat(200) });
});
afterEach(() => world.close());

/** A first sync of many pages over a line of 5 kB a second: more than ten seconds for each. */
const slow = () => slowly(world.clock, { delayMs: 500, bytesPerSecond: 5_000 });
const sent = () => world.server.requests.map(({ mutations }) => mutations.length);

test('a mutation does not wait for a slow pull: it goes at once, with a small page', async () => {
  world.server.faults.push(slow(), slow(), slow());
  const client = await world.client();
  await world.clock.pass(5_000);
  expect(sent()).toEqual([0]);
  const { key, confirmed } = await client.mutate('note', { text: 'mine' });
  await idle();
  expect(sent()).toEqual([0, 1]);
  const [pull, push] = world.server.requests;
  expect(push?.limit).toBeLessThan((pull?.limit ?? 0) / 2);
  expect(push?.cursor).toBeNull();
  await world.clock.pass(9_000);
  expect(await confirmed).toMatchObject({ key, state: 'applied' });
  expect(client.status.get()).toMatchObject({ lastError: null, lastSyncedAt: null });
  // It has brought a part of the pull, which goes on from there.
  expect(world.server.requests.at(-1)?.cursor).not.toBeNull();
  await world.settle(client);
  expect(await client.read('notes')).toHaveLength(300);
  expect(world.server.applied.get(key)).toBe(1);
});

test('a pull that has only just begun has a second to come to its end', async () => {
  world.server.faults.push(slow(), slow());
  const client = await world.client();
  await world.clock.pass(300);
  await client.mutate('note', { text: 'mine' });
  await world.clock.pass(600);
  expect(sent()).toEqual([0]);
  await world.clock.pass(200);
  expect(sent()).toEqual([0, 1]);
  await world.settle(client);
});

test('a pull that ends within the second is not given up', async () => {
  const client = await world.synced();
  world.server.faults.push(slowly(world.clock, { delayMs: 900 }));
  const before = world.server.requests.length;
  const synced = client.sync();
  await idle();
  await client.mutate('note', { text: 'mine' });
  await world.clock.pass(950);
  await synced;
  await world.settle(client);
  expect(sent().slice(before)).toEqual([0, 1]);
});

test('mutations without end do not keep the pull from its end', async () => {
  const client = await world.client();
  world.server.faults.push(...Array.from({ length: 1_000 }, slow));
  // The first pull is on its way before the first mutation.
  await idle();
  let made = 0;
  while (client.status.get().lastSyncedAt === null && made < 100) {
    await client.mutate('note', { text: `${made}` });
    made += 1;
    await world.clock.pass(2_000);
  }
  expect(made).toBeLessThan(60);
  expect(sent().filter((length) => length === 0).length).toBeGreaterThan(0);
  world.server.faults.length = 0;
  await world.settle(client);
  expect(await client.read('notes')).toHaveLength(300);
});

test('a request that carries mutations gives way to no other', async () => {
  const client = await world.synced();
  world.server.faults.push(slowly(world.clock, { delayMs: 8_000 }));
  const before = world.server.requests.length;
  await client.mutate('note', { text: 'first' });
  await world.clock.pass(3_000);
  await client.mutate('note', { text: 'second' });
  await world.clock.pass(3_000);
  expect(sent().slice(before)).toEqual([1]);
  await world.settle(client);
  expect(sent().slice(before)).toEqual([1, 1]);
});

test('what memory takes for pending, and the disk does not have, gives nothing up again and again', async () => {
  const client = await world.synced();
  world.isOnline = false;
  await client.mutate('note', { text: 'mine' });
  await idle();
  // As when another tab has pushed it and its message got lost.
  const disk = await world.disk('pennco/a1');
  await disk.transaction(['log'], 'durable', async (tx) => {
    for (const entry of (await tx.list('log')) as { seq: number }[]) {
      const receipt = { status: 'applied' };
      await tx.put('log', entry.seq, { ...entry, receipt });
    }
  });
  world.isOnline = true;
  const before = world.server.requests.length;
  world.server.faults.push(...Array.from({ length: 200 }, () => slowly(world.clock, { delayMs: 3_000 })));
  world.tell('online');
  await world.clock.pass(120_000);
  expect(sent().slice(before).length).toBeLessThan(12);
  expect(client.status.get().lastError).toBeNull();
});
