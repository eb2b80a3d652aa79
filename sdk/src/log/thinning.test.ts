import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from '../client.ts';
import { skipName } from '../protocol/index.ts';
import { readLog } from '../tabs/catch-up.ts';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import type { TestModel } from '../testing/model.ts';
import { World } from '../testing/world.ts';
import { wrapStore } from '../testing/wrap-store.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** Pings a minute apart, by number. */
async function ping(client: Client<TestModel>, from: number, to: number) {
  const saved = [];
  for (let n = from; n <= to; n += 1) {
    saved.push(await client.mutate('ping', { n }));
    await world.clock.pass(60_000);
  }
  return saved;
}

const stored = async () => (await readLog(await world.disk('pennco/a1'))).entries;
const pingsOf = async (client: Client<TestModel>) =>
  (await client.readMutations({ name: 'ping' })).map(({ args }) => (args as { n: number }).n);

test('of many pings without a line, five stay; the others leave their numbers and nothing else', async () => {
  const client = await world.synced();
  world.isOnline = false;
  const pings = await ping(client, 1, 16);
  const { key } = await client.mutate('note', { text: 'between' });
  pings.push(...(await ping(client, 17, 24)));
  const kept = await pingsOf(client);
  expect(kept).toHaveLength(5);
  expect([kept[0], kept.at(-1)]).toEqual([1, 24]);
  expect(client.status.get()).toMatchObject({ pending: 6 });

  const entries = await stored();
  expect(entries.map(({ id }) => id)).toEqual(Array.from({ length: 25 }, (_, at) => at + 1));
  const skips = entries.filter(({ name }) => name === skipName);
  expect(skips).toHaveLength(19);
  for (const { args, receipt } of skips) expect({ args, receipt }).toEqual({ args: {}, receipt: undefined });
  const gone = new Set(skips.map((entry) => entry.key));
  for (const { confirmed } of pings.filter((one) => gone.has(one.key))) {
    await expect(confirmed).rejects.toMatchObject({ code: 'thinned' });
  }
  const [thinned = ''] = gone;
  await expect(client.outcome(thinned)).rejects.toMatchObject({ code: 'thinned' });

  await client.close();
  world.isOnline = true;
  const again = await world.client();
  expect(await pingsOf(again)).toEqual(kept);
  await world.settle(again);
  expect(world.server.applied.get(key)).toBe(1);
  expect(await again.readMutations()).toHaveLength(6);
  expect(world.server.clients.get(again.clientId)?.last).toBe(25);
});

test('what was handed to the network is never thinned', async () => {
  const client = await world.synced();
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  const [first] = await ping(client, 1, 1);
  world.server.faults.length = 0;
  await world.settle(client);
  // These leave the device, and nobody knows whether they arrived.
  for (let at = 0; at < 50; at += 1) world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  const sent = await Promise.all([2, 3, 4, 5].map((n) => client.mutate('ping', { n })));
  await idle();
  world.isOnline = false;
  await ping(client, 6, 14);
  const left = await stored();
  for (const { key } of [...sent, ...(first ? [first] : [])]) {
    expect(left.find((entry) => entry.key === key)).toMatchObject({ name: 'ping', sent: true });
  }
  // And four or five that were never sent.
  expect(left.filter(({ name, sent: was }) => name === 'ping' && !was)).toHaveLength(5);
});

test('a tab that has not heard of the sending leaves alone what another one has sent', async () => {
  const origin = fakeOrigin();
  const client = await world.synced({ platform: origin });
  world.isOnline = false;
  const deaf = await world.client({ platform: { ...origin, channel: undefined } });
  const mine = await Promise.all([1, 2, 3, 4, 5].map((n) => deaf.mutate('ping', { n })));
  world.isOnline = true;
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  await client.sync().catch(() => {});
  world.isOnline = false;
  await ping(deaf, 6, 9);
  const left = await stored();
  for (const { key } of mine) {
    expect(left.find((entry) => entry.key === key)).toMatchObject({ name: 'ping', sent: true });
  }
});

test('made together, they are thinned together; an entry may go in the very write that made it', async () => {
  const client = await world.synced();
  world.isOnline = false;
  const saved = await Promise.all(Array.from({ length: 50 }, (_, n) => client.mutate('ping', { n })));
  expect(saved.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
  expect(await pingsOf(client)).toHaveLength(5);
  expect((await stored()).filter(({ name }) => name === skipName)).toHaveLength(45);
});

test('a store that runs the transaction again thins no more than once', async () => {
  const again = new Error('begin anew');
  const client = await world.synced({
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, async (tables, mode, body) => {
        if (mode === 'durable') {
          const first = store.transaction(tables, mode, async (tx) => {
            await body(tx);
            throw again;
          });
          await first.catch((error: unknown) => {
            if (error !== again) throw error;
          });
        }
        return store.transaction(tables, mode, body);
      });
    },
  });
  world.isOnline = false;
  await ping(client, 1, 6);
  const kept = await pingsOf(client);
  expect(kept).toHaveLength(5);
  expect([kept[0], kept.at(-1)]).toEqual([1, 6]);
});

test('the effect of a ping that was thinned away is no longer shown', async () => {
  const client = await world.synced({
    optimistic: { ping: (replica, { n }, { key }) => replica.put('notes', { id: key, text: `ping ${n}` }) },
  });
  world.isOnline = false;
  await ping(client, 1, 10);
  const shown = await client.read('notes');
  expect(shown.map(({ text }) => Number(text.slice(5))).toSorted((a, b) => a - b)).toEqual(await pingsOf(client));
});
