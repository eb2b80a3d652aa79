import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import * as z from 'zod/mini';

/** What phones see of Django's rows, and what they may do. */
export const model = defineModel({
  version: 1,
  collections: {
    visits: collection({
      schema: z.object({
        id: z.int(),
        customer: z.string(),
        amountPaise: z.int(),
        status: z.string(),
        confirmedAt: z.nullable(z.string()),
      }),
      key: 'id',
    }),
  },
  mutations: {
    confirmVisit: mutation({
      args: z.object({ visitId: z.int(), amountPaise: z.int() }),
      result: z.object({ payment: z.int() }),
      rejects: ['not_found', 'not_due', 'amount_mismatch'],
    }),
  },
});
