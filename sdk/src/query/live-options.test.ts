import { QueryClient, QueryObserver } from '@tanstack/query-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { idle } from '../testing/fake-clock.ts';
import { World } from '../testing/world.ts';
import { wrapStore } from '../testing/wrap-store.ts';

let world: World;
let queryClient: QueryClient;
beforeEach(() => {
  world = new World();
  queryClient = new QueryClient();
  queryClient.mount();
});
afterEach(async () => {
  queryClient.clear();
  queryClient.unmount();
  await world.close();
});

const confirmD1 = ['confirm', { deliveryId: 'd1', amountPaise: 100 }] as const;

test('a query follows the replica without ever refetching', async () => {
  const client = await world.synced();
  const options = client.query('deliveries', { where: { status: 'pending' } });
  const seen: string[] = [];
  const observer = new QueryObserver(queryClient, options);
  const unsubscribe = observer.subscribe(({ data }) => data && seen.push(data.map(({ id }) => id).join()));
  await idle();
  await client.mutate(...confirmD1);
  await world.settle(client);
  await idle();
  expect([...new Set(seen)]).toEqual(['d1,d2', 'd2']);
  expect(queryClient.getQueryData(options.queryKey)).toMatchObject([{ id: 'd2' }]);
  unsubscribe();
});

test('the same question twice is one watch, and none once the query is gone', async () => {
  const client = await world.synced();
  const options = () => client.query('deliveries', { where: { id: 'd1' } });
  await Promise.all([queryClient.fetchQuery(options()), queryClient.fetchQuery(options())]);
  await queryClient.refetchQueries({ queryKey: options().queryKey });
  const { queryKey } = options();
  queryClient.removeQueries({ queryKey });
  await client.mutate(...confirmD1);
  await world.settle(client);
  await idle();
  expect(queryClient.getQueryData(queryKey)).toBeUndefined();
  expect(await queryClient.fetchQuery(options())).toMatchObject([{ status: 'confirmed' }]);
});

test('each query cache has its own watch', async () => {
  const client = await world.synced();
  const other = new QueryClient();
  const options = client.query('notes');
  await Promise.all([queryClient.fetchQuery(options), other.fetchQuery(options)]);
  world.server.faults.push(() => Promise.reject(new TypeError('fetch failed')));
  await client.mutate('note', { text: 'hello' });
  await idle();
  expect(queryClient.getQueryData(options.queryKey)).toMatchObject([{ text: 'hello' }]);
  expect(other.getQueryData(options.queryKey)).toMatchObject([{ text: 'hello' }]);
  other.clear();
});

test('the log and the refusals are queries too', async () => {
  const client = await world.synced();
  const [log, notes, refused] = [client.mutations(), client.mutations({ name: 'note' }), client.rejections.query()];
  await Promise.all([queryClient.fetchQuery(log), queryClient.fetchQuery(notes), queryClient.fetchQuery(refused)]);
  await client.mutate(...confirmD1);
  const { key } = await client.mutate(...confirmD1);
  await idle();
  await world.settle(client);
  const states = queryClient.getQueryData<{ state: string }[]>(log.queryKey)?.map(({ state }) => state);
  expect(states).toEqual(['applied', 'rejected']);
  expect(queryClient.getQueryData(notes.queryKey)).toEqual([]);
  expect(queryClient.getQueryData(refused.queryKey)).toMatchObject([{ key }]);
  await client.rejections.dismiss(key);
  expect(queryClient.getQueryData(refused.queryKey)).toEqual([]);
});

test('a closed client takes its queries out of the cache, and asks nothing more of it', async () => {
  const client = await world.synced();
  const options = client.query('deliveries');
  await queryClient.fetchQuery(options);
  await client.close();
  expect(queryClient.getQueryData(options.queryKey)).toBeUndefined();
  await expect(queryClient.fetchQuery({ ...options, staleTime: 0 })).rejects.toMatchObject({ code: 'closed' });
});

test('a client that is opened again is asked afresh, also when its predecessor closes late', async () => {
  const first = await world.synced();
  const early = new QueryObserver(queryClient, first.query('deliveries'));
  early.subscribe(() => {})();
  await queryClient.fetchQuery(first.query('deliveries'));
  const second = await world.synced();
  const observer = new QueryObserver(queryClient, second.query('deliveries', {}));
  const unsubscribe = observer.subscribe(() => {});
  await idle();
  await first.close();
  expect(queryClient.getQueryCache().getAll()).toHaveLength(1);
  await second.mutate(...confirmD1);
  await world.settle(second);
  await idle();
  expect(observer.getCurrentResult().data).toMatchObject([{ status: 'confirmed' }, { status: 'pending' }]);
  unsubscribe();
});

test('a read that fails at the start is made good by the next change', async () => {
  let broken = false;
  const client = await world.synced({
    store: async (name) => {
      const store = await world.disk(name);
      return wrapStore(store, (tables, mode, body) =>
        broken && mode === 'read' ? Promise.reject(new Error('disk')) : store.transaction(tables, mode, body),
      );
    },
  });
  broken = true;
  const watched: number[] = [];
  client.watch('deliveries', {}, (rows) => watched.push(rows.length));
  const options = client.query('deliveries');
  await expect(queryClient.fetchQuery(options)).rejects.toThrow('disk');
  broken = false;
  world.tell('visible');
  await idle();
  expect(queryClient.getQueryState(options.queryKey)).toMatchObject({ status: 'success', data: { length: 2 } });
  expect(watched).toEqual([2]);
});
