import * as z from 'zod/mini';
import { collection, defineModel, keepEvenly, mutation } from '../model/index.ts';

export const model = defineModel({
  version: 1,
  collections: {
    deliveries: collection({
      schema: z.object({ id: z.string(), status: z.string(), amountPaise: z.int() }),
      key: 'id',
      indexes: ['status'],
    }),
    notes: collection({ schema: z.object({ id: z.string(), text: z.string() }), key: 'id' }),
  },
  mutations: {
    confirm: mutation({
      args: z.object({ deliveryId: z.string(), amountPaise: z.int().check(z.positive()) }),
      result: z.object({ receiptNo: z.string() }),
      rejects: ['already_confirmed'],
    }),
    note: mutation({ args: z.object({ text: z.string() }) }),
    ping: mutation({ args: z.object({ n: z.int() }), audit: false, thin: keepEvenly(5) }),
  },
});
export type TestModel = typeof model;
