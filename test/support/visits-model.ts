import { collection, defineModel, keepEvenly, mutation } from '@ekbaar/sdk/model';
import * as z from 'zod/mini';

const ping = mutation({ args: z.object({ n: z.int() }), audit: false, thin: keepEvenly(20) });

/** The app as it was installed: a visit has a `text`. */
export const firstModel = defineModel({
  version: 1,
  collections: {
    visits: collection({ schema: z.object({ id: z.string(), agentId: z.string(), note: z.string() }), key: 'id' }),
  },
  mutations: { noteVisit: mutation({ args: z.object({ id: z.string(), text: z.string() }) }), ping },
});

const row = z.object({ id: z.string(), agentId: z.string(), note: z.string(), language: z.string() });
/** Two releases later: version 2 called it `note`, and version 3 says in which language it is. */
export const thirdModel = defineModel({
  version: 3,
  collections: { visits: collection({ schema: row, key: 'id' }) },
  mutations: {
    noteVisit: mutation({ args: z.object({ id: z.string(), note: z.string(), language: z.enum(['hi', 'en']) }) }),
    ping,
  },
});
