import { createClient } from '@ekbaar/sdk';
import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { idbStore } from '@ekbaar/sdk/store/idb';
import * as z from 'zod/mini';
import { offer } from '../bench-page.ts';
import { SyncStub } from '../sync-stub.ts';

const model = defineModel({
  version: 1,
  collections: {
    deliveries: collection({
      schema: z.object({
        id: z.string(),
        status: z.string(),
        regionId: z.string(),
        customerName: z.string(),
        amountPaise: z.int(),
        dueOn: z.string(),
      }),
      key: 'id',
      indexes: ['status', 'regionId'],
    }),
  },
  mutations: { move: mutation({ args: z.object({ id: z.string(), status: z.string() }) }) },
});

// As docs say: a client with `idbStore()`, an optimistic effect for the mutation, `watch` for lists. Durable: `mutate()`
// and `sync()` resolve after `complete` of transactions with `durability: 'strict'`. Offline but for what is received.
offer(async () => {
  const server = new SyncStub();
  let isOnline = false;
  const client = await createClient({
    model,
    url: '',
    actor: { tenant: 'bench', id: 'a1' },
    token: () => 'token',
    store: idbStore(),
    optimistic: { move: (replica, { id, status }) => replica.update('deliveries', id, { status }) },
    platform: { fetch: server.fetch, online: () => isOnline, pokes: false },
  });
  return {
    receive(rows) {
      server.prepare(rows);
      return async () => {
        isOnline = true;
        await client.sync().finally(() => (isOnline = false));
      };
    },
    async mutate(change) {
      await client.mutate('move', change);
    },
    live: ({ field, value }, listener) => client.watch('deliveries', { where: { [field]: value } }, listener),
  };
});
