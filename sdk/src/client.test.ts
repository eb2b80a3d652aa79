import { QueryClient } from '@tanstack/query-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deferred } from './deferred.ts';
import type { RowOf } from './model/index.ts';
import type { OptimisticReplica } from './replica/optimistic.ts';
import { idle } from './testing/fake-clock.ts';
import type { TestModel } from './testing/model.ts';
import { World } from './testing/world.ts';
import { wrapStore } from './testing/wrap-store.ts';
import { readLog } from './tabs/catch-up.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

type Delivery = RowOf<TestModel, 'deliveries'>;
const statuses = (rows: Delivery[]) => rows.map(({ id, status }) => `${id} ${status}`).join(', ');

test('a fresh client holds the server’s rows', async () => {
  const client = await world.synced();
  expect(statuses(await client.read('deliveries'))).toBe('d1 pending, d2 pending');
  expect(client.status.get()).toMatchObject({ pending: 0, scopes: ['agent:a1'], lastError: null, syncing: false });
  expect(client.clientId).toMatch(/^[A-Za-z0-9_-]{8,64}$/);
});

test('a mutation is shown at once, sent, and confirmed with its result', async () => {
  const client = await world.synced();
  const saved = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  expect(saved.id).toBe(1);
  expect(statuses(await client.read('deliveries'))).toBe('d1 confirmed, d2 pending');
  const record = await saved.confirmed;
  expect(record).toMatchObject({ name: 'confirm', state: 'applied', result: { receiptNo: 'R-d1' } });
  await world.settle(client);
  expect(await client.readMutations()).toEqual([record]);
  expect(world.server.row('deliveries', 'd1')).toMatchObject({ status: 'confirmed' });
});

test('the optimistic effect stays until the delta has it: no flicker', async () => {
  const client = await world.synced();
  const seen: string[] = [];
  client.watch('deliveries', {}, (rows) => seen.push(statuses(rows)));
  await idle();
  // The receipt comes with the first page, the effect only with the last.
  world.server.pageSize = 1;
  world.server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 1 });
  const { confirmed } = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await confirmed;
  await world.settle(client);
  expect(seen).toEqual(['d1 pending, d2 pending', 'd1 confirmed, d2 pending', 'd1 confirmed, d2 pending, d3 pending']);
});

test('a refused mutation is undone and waits for somebody', async () => {
  const client = await world.synced();
  world.server.write('deliveries', 'd1', { id: 'd1', status: 'confirmed', amountPaise: 999 });
  const seen: number[] = [];
  client.rejections.watch((records) => seen.push(records.length));
  const { key, confirmed } = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  expect(await confirmed).toMatchObject({ state: 'rejected', error: { code: 'already_confirmed' } });
  await world.settle(client);
  expect(client.status.get().needsAttention).toBe(1);
  expect(await client.read('deliveries', { where: { id: 'd1' } })).toEqual([
    { id: 'd1', status: 'confirmed', amountPaise: 999 },
  ]);

  await client.close();
  const again = await world.client();
  const [waiting] = await again.rejections.read();
  expect(waiting).toMatchObject({ key, args: { deliveryId: 'd1', amountPaise: 100 } });
  await again.rejections.dismiss(key);
  expect(await again.rejections.read()).toEqual([]);
  expect(again.status.get().needsAttention).toBe(0);
  expect(seen).toEqual([0, 1]);
});

test('without a line, what was saved survives a restart and is sent later, once', async () => {
  const offline = () => Promise.reject(new TypeError('fetch failed'));
  const client = await world.synced();
  await client.close();
  const out = await world.client({ platform: { fetch: offline } });
  const { key } = await out.mutate('confirm', { deliveryId: 'd2', amountPaise: 200 });
  await world.clock.pass(300_000);
  expect(out.status.get()).toMatchObject({ pending: 1, lastError: { code: 'unreachable' } });
  expect(await out.readMutations()).toMatchObject([{ key, state: 'sent' }]);
  await out.close();

  const back = await world.client();
  expect(statuses(await back.read('deliveries'))).toBe('d1 pending, d2 confirmed');
  await world.settle(back);
  expect(world.server.applied.get(key)).toBe(1);
});

test('args that the model or JSON refuse are not kept', async () => {
  const client = await world.synced();
  const refused = { code: 'invalid_args' };
  await expect(client.mutate('confirm', { deliveryId: 'd1', amountPaise: -5 })).rejects.toMatchObject(refused);
  await expect(client.mutate('note', { text: 'a\0b' })).rejects.toMatchObject(refused);
  await expect(client.mutate('nope' as never, {} as never)).rejects.toMatchObject(refused);
  expect(await client.readMutations()).toEqual([]);
  expect((await client.mutate('note', { text: 'fine' })).id).toBe(1);
});

test('an optimistic effect that throws breaks nothing and leaves nothing', async () => {
  const client = await world.synced({
    optimistic: {
      confirm: (replica, { deliveryId }) => {
        replica.update('deliveries', deliveryId, { status: 'half' });
        throw new Error('planted');
      },
    },
  });
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  const { confirmed } = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  expect(client.status.get().lastError).toEqual({ code: 'optimistic_failed', message: 'planted' });
  expect(statuses(await client.read('deliveries'))).toBe('d1 pending, d2 pending');
  await world.clock.until(() => client.status.get().pending === 0);
  expect(await confirmed).toMatchObject({ state: 'applied' });
});

test('an asynchronous effect is said to be one, shows nothing, and what it throws is nobody’s', async () => {
  const unhandled = vi.fn<(error: unknown) => void>();
  process.on('unhandledRejection', unhandled);
  const note = async (replica: OptimisticReplica<TestModel>, { text }: { text: string }) => {
    replica.put('notes', { id: 'early', text });
    await idle();
    throw new Error('planted');
  };
  const client = await world.synced({ optimistic: { note: note as never } });
  world.isOnline = false;
  await client.mutate('note', { text: 'x' });
  expect(client.status.get().lastError).toEqual({
    code: 'optimistic_failed',
    message: 'The optimistic effect of note must be synchronous, and gave a promise',
  });
  expect(await client.read('notes')).toEqual([]);
  await idle();
  await idle();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test('an optimistic effect sees its rows although nobody has read the collection', async () => {
  const client = await world.synced();
  await client.close();
  const again = await world.client();
  const seen = vi.fn<(seen: string) => void>();
  await again.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  again.watch('deliveries', { where: { status: 'confirmed' } }, (rows) => seen(statuses(rows)));
  await idle();
  expect(seen).toHaveBeenCalledWith('d1 confirmed');
});

test('watchers hear only of answers that changed', async () => {
  const client = await world.synced();
  const pending = vi.fn<(rows: Delivery[]) => void>();
  const notes = vi.fn<() => void>();
  const stop = client.watch('deliveries', { where: { status: 'pending' }, orderBy: '-amountPaise' }, pending);
  client.watch('notes', {}, notes);
  await idle();
  world.server.write('deliveries', 'd9', { id: 'd9', status: 'confirmed', amountPaise: 9 });
  await client.sync();
  expect(pending).toHaveBeenCalledTimes(1);
  world.server.write('deliveries', 'd2', { id: 'd2', status: 'cancelled', amountPaise: 200 });
  await client.sync();
  expect(pending.mock.calls.map(([rows]) => statuses(rows))).toEqual(['d2 pending, d1 pending', 'd1 pending']);
  stop();
  world.server.write('deliveries', 'd1', null);
  await client.sync();
  expect(pending).toHaveBeenCalledTimes(2);
  expect(notes).toHaveBeenCalledTimes(1);
});

test('outcomes are kept for a time, then forgotten; refusals until somebody has dealt with them', async () => {
  const client = await world.synced({ keepOutcomesMs: 5 * 60_000 });
  await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await world.settle(client);
  await world.clock.pass(4 * 60_000);
  expect((await client.readMutations()).map(({ state }) => state)).toEqual(['applied', 'rejected']);
  await world.clock.pass(3 * 60_000);
  expect((await client.readMutations()).map(({ state }) => state)).toEqual(['rejected']);
  expect((await client.mutate('note', { text: 'next' })).id).toBe(3);
});

test('each actor has a store of their own', async () => {
  const first = await world.synced();
  const other = await world.client({ actor: { tenant: 'pennco', id: 'a2' } });
  expect(other.clientId).not.toBe(first.clientId);
});

test('a closed client refuses, and nothing of it waits any longer', async () => {
  const client = await world.synced();
  const { status } = client;
  await client.close();
  await client.close();
  await expect(client.mutate('note', { text: 'x' })).rejects.toMatchObject({ code: 'closed' });
  await expect(client.sync()).rejects.toMatchObject({ code: 'closed' });
  await idle();
  expect(world.clock.waiting).toBe(0);
  expect(status.get().pending).toBe(0);
});

test('a status listener that throws holds up neither a mutation nor the loop', async () => {
  const client = await world.synced();
  client.status.subscribe(() => {
    throw new Error('render failed');
  });
  await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await client.mutate('confirm', { deliveryId: 'd2', amountPaise: 200 });
  await world.settle(client);
  expect((await client.readMutations()).map(({ state }) => state)).toEqual(['applied', 'applied']);
  await client.sync();
});

test('a query that cannot be evaluated is its watcher’s own trouble', async () => {
  const client = await world.synced();
  const values = Object.assign([''], {
    includes: () => {
      throw new Error('planted');
    },
  });
  client.watch('deliveries', { where: { status: { in: values } } }, () => {});
  await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
  await world.settle(client);
  expect(statuses(await client.read('deliveries'))).toBe('d1 confirmed, d2 pending');
});

test.for<[string, string, object]>([
  ['The model has no collection nope', 'nope', {}],
  ['The model has no collection constructor', 'constructor', {}],
  ['Query of deliveries: there is no field nope', 'deliveries', { where: { nope: 1 } }],
])('%s: reads reject, a watch throws at once', async ([message, collection, query]) => {
  const client = await world.synced();
  const asked = [collection, query] as never as ['deliveries'];
  await expect(client.read(...asked)).rejects.toThrow(new TypeError(message));
  const options = client.query(...asked);
  await expect(new QueryClient().fetchQuery(options)).rejects.toThrow(new TypeError(message));
  expect(() => client.watch(...(asked as never as ['deliveries', object]), () => {})).toThrow(new TypeError(message));
  await expect(client.count.read(...asked)).rejects.toThrow(new TypeError(message));
});

test('an outcome that has not come when the client closes is no longer waited for', async () => {
  const client = await world.synced();
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  const { confirmed } = await client.mutate('note', { text: 'x' });
  // Nobody waits for this one: it must not become an unhandled rejection.
  await client.mutate('note', { text: 'y' });
  await client.close();
  await expect(confirmed).rejects.toMatchObject({ code: 'closed' });
});

test.for(['before its pass begins', 'while the last pass is tidied up after'] as const)(
  'who asks for a sync %s hears of it when the client closes',
  async (when) => {
    let sweeping = false;
    const swept = deferred<void>();
    const client = await world.synced({
      keepOutcomesMs: 0,
      store: async (name) => {
        const store = await world.disk(name);
        return wrapStore(store, async (tables, mode, body) => {
          if (sweeping && mode === 'write' && !tables.includes('rows')) await swept.promise;
          return store.transaction(tables, mode, body);
        });
      },
    });
    if (when !== 'before its pass begins') {
      await (
        await client.mutate('note', { text: 'x' })
      ).confirmed;
      await world.settle(client);
      await world.clock.pass(1000);
      sweeping = true;
      await client.sync();
      await idle();
    }
    const asked = client.sync();
    const closing = client.close();
    swept.resolve();
    await expect(asked).rejects.toMatchObject({ code: 'closed' });
    await closing;
  },
);

test('a client that cannot read its store closes it', async () => {
  const close = vi.fn<() => Promise<void>>(async () => {});
  const transaction = () => Promise.reject(new Error('disk'));
  await expect(
    world.client({ store: async () => ({ indexes: true, transaction, close, destroy: close }) }),
  ).rejects.toThrow('disk');
  expect(close).toHaveBeenCalledTimes(1);
});

/** Clears what the browser keeps for this site, under the running client. */
async function clearStorage(): Promise<void> {
  const store = await world.disk('pennco/a1');
  await store.transaction(['log', 'rows', 'meta'], 'durable', async (tx) => {
    for (const { seq } of (await tx.list('log')) as { seq: number }[]) await tx.delete('log', seq);
    for (const { collection, id } of (await tx.list('rows')) as { collection: string; id: string }[]) {
      await tx.delete('rows', [collection, id]);
    }
    for (const key of ['identity', 'progress', 'scopes']) await tx.delete('meta', key);
  });
}

test.for(['mutation', 'visible', 'sync'] as const)(
  'storage cleared under the client: with the next %s, what is pending is saved and sent after all',
  async (next) => {
    const client = await world.synced();
    const { clientId } = client;
    world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
    const kept = await client.mutate('confirm', { deliveryId: 'd1', amountPaise: 100 });
    await idle();
    await clearStorage();
    world.server.write('deliveries', 'd2', null);
    if (next === 'mutation') await client.mutate('note', { text: 'next' });
    else if (next === 'visible') world.tell('visible');
    else await client.sync();
    await idle();
    await world.settle(client);
    expect(await kept.confirmed).toMatchObject({ state: 'applied' });
    expect(world.server.applied.get(kept.key)).toBe(1);
    expect(client.clientId).not.toBe(clientId);
    expect(statuses(await client.read('deliveries'))).toBe('d1 confirmed');
    await client.close();
    expect(await (await world.client()).readMutations()).toMatchObject([
      { key: kept.key, state: 'applied' },
      ...(next === 'mutation' ? [{ name: 'note' }] : []),
    ]);
  },
);

test('storage cleared under an offline client is filled again as soon as somebody looks at it', async () => {
  const client = await world.synced();
  world.isOnline = false;
  const { key } = await client.mutate('note', { text: 'kept' });
  await clearStorage();
  world.tell('visible');
  await idle();
  expect((await readLog(await world.disk('pennco/a1'))).entries).toMatchObject([{ key }]);
  expect(client.status.get().pending).toBe(1);
});
