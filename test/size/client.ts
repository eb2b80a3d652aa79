/** The same without TanStack Query. */
import { createClient } from '@ekbaar/sdk';
import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { idbStore } from '@ekbaar/sdk/store/idb';
import * as z from 'zod/mini';

const model = defineModel({
  version: 1,
  collections: {
    deliveries: collection({
      schema: z.object({ id: z.string(), status: z.enum(['pending', 'confirmed']), amountPaise: z.int() }),
      key: 'id',
      indexes: ['status'],
    }),
  },
  mutations: {
    confirm: mutation({
      args: z.object({ deliveryId: z.string(), amountPaise: z.int().check(z.positive()) }),
      result: z.object({ receiptNo: z.string() }),
      rejects: ['already_confirmed'],
    }),
  },
});

export const client = await createClient({
  model,
  url: '',
  actor: { tenant: 'pennco', id: 'a1' },
  token: () => 'good',
  store: idbStore(),
  optimistic: {
    confirm: (replica, { deliveryId }) => replica.update('deliveries', deliveryId, { status: 'confirmed' }),
  },
});
