import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import * as z from 'zod/mini';

/** What phones hold, and what people can do. The app and the server import this same file. */
export const model = defineModel({
  version: 1,
  collections: {
    visits: collection({
      schema: z.object({ id: z.string(), village: z.string(), status: z.enum(['planned', 'done']) }),
      key: 'id',
      indexes: ['status'],
    }),
  },
  mutations: {
    finishVisit: mutation({
      args: z.object({ visitId: z.string() }),
      result: z.object({ finishedAt: z.string() }),
      rejects: ['no_such_visit', 'finished_before'],
    }),
  },
});
