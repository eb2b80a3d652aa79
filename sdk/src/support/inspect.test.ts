import { afterEach, beforeEach, expect, test } from 'vitest';
import { idle } from '../testing/fake-clock.ts';
import { fakeOrigin } from '../testing/fake-origin.ts';
import { World } from '../testing/world.ts';
import { inspect } from './index.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const secret = 'Asha Devi';

test('shows the queue, the outcomes, the line and what went wrong, and survives JSON', async () => {
  const storage = { usage: 1_000, quota: 5_000, persisted: true };
  const client = await world.synced({ platform: { storage: async () => storage } });
  await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  const refused = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await world.settle(client);
  const again = await client.rejections.retry(refused.key);
  await world.settle(client);
  await world.clock.pass(60_000);
  for (let at = 0; at < 99; at += 1) world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  const tried = await client.mutate('note', { text: secret });
  await world.clock.pass(5_000);
  world.isOnline = false;
  const saved = await client.mutate('note', { text: secret });
  await Promise.all(Array.from({ length: 9 }, (_, n) => client.mutate('ping', { n })));
  await world.clock.pass(90_000);

  const seen = await inspect(client);
  expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
  expect(JSON.stringify(seen)).not.toContain(secret);
  expect(seen).toMatchObject({
    at: new Date(world.clock.now()).toISOString(),
    actor: { tenant: 'pennco', id: 'a1' },
    clientId: client.clientId,
    model: 1,
    tab: 'leads',
    status: { pending: 7, needsAttention: 1 },
    queue: { length: 11, skips: 4 },
    receipts: { kept: 3 },
    scopes: { 'agent:a1': { rows: 2 } },
    line: { batch: 50, page: expect.any(Number) as number, lastRoundTripMs: 0 },
    storage,
  });
  expect(seen.revision).toBeGreaterThan(0);
  expect(seen.cursor).toContain('agent:a1');
  expect(seen.queue.first.slice(0, 2)).toMatchObject([
    { id: 4, key: tried.key, name: 'note', state: 'sent', ageMs: 95_000 },
    { id: 5, key: saved.key, name: 'note', state: 'saved', ageMs: 90_000 },
  ]);
  expect(seen.receipts.last).toMatchObject([
    { key: again.key, state: 'rejected', error: 'already_confirmed', needsAttention: true, replaces: refused.key },
    { key: refused.key, state: 'rejected', needsAttention: false, replacedBy: again.key },
    { state: 'applied', error: null },
  ]);
  const [error] = seen.errors;
  expect(error).toMatchObject({ code: 'unreachable' });
  expect(error?.times).toBeGreaterThan(1);
  expect(Date.parse(error?.lastAt ?? '')).toBeGreaterThan(Date.parse(error?.firstAt ?? ''));
  expect(seen.errors.at(-1)).toMatchObject({ code: 'offline' });
});

test('remembers twenty errors, and no more', async () => {
  const client = await world.synced();
  for (let at = 0; at < 30; at += 1) {
    world.server.faults.push(async () => new Response(`${at}`, { status: 500 + at }));
    await client.sync().catch(() => {});
  }
  const { errors } = await inspect(client);
  expect(errors).toHaveLength(20);
  expect(errors.at(-1)?.message).toContain('529');
});

test('says which tab leads, and knows a closed client and a platform that does not tell of its disk', async () => {
  const origin = fakeOrigin();
  const first = await world.synced({ platform: origin });
  const second = await world.client({ platform: { ...origin, storage: () => Promise.reject(new Error('none')) } });
  await idle();
  expect(await inspect(first)).toMatchObject({ tab: 'leads' });
  expect(await inspect(second)).toMatchObject({ tab: 'follows', storage: null });
  await second.close();
  expect(await inspect(second)).toMatchObject({ tab: 'follows' });
});
