import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import * as z from 'zod/mini';

/** Notes, some of which their server dies of. */
export const poisonModel = defineModel({
  version: 1,
  collections: { notes: collection({ schema: z.object({ id: z.string(), body: z.string() }), key: 'id' }) },
  mutations: { write: mutation({ args: z.object({ id: z.string(), body: z.string() }) }) },
});
