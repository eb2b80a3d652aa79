// Two phones, one server, one jar of money: every deposit lands exactly once. Run it with `node quickstart.ts`.
import { createClient } from '@ekbaar/sdk';
import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { memoryStore } from '@ekbaar/sdk/store/memory';
import { by, createServer, pgliteDatabase } from '@ekbaar/server';
import { and, eq, sql } from 'drizzle-orm';
import { bigint, pgTable, text } from 'drizzle-orm/pg-core';
import * as z from 'zod/mini';

// 1. One model for both sides.
const model = defineModel({
  version: 1,
  collections: { jars: collection({ key: 'id', schema: z.object({ id: z.string(), paise: z.int() }) }) },
  mutations: {
    deposit: mutation({
      args: z.object({ jarId: z.string(), paise: z.int().check(z.positive()) }),
      result: z.object({ paise: z.int() }),
      rejects: ['no_such_jar'],
    }),
  },
});

// 2. The server: your table, and what a deposit does to it. It commits together with its receipt.
const jars = pgTable('jars', {
  tenant: text().notNull(),
  id: text().notNull(),
  paise: bigint({ mode: 'number' }).notNull(),
});
const database = await pgliteDatabase();
await database.db.execute(sql`create table jars (tenant text, id text, paise bigint, primary key (tenant, id))`);
await database.db.insert(jars).values({ tenant: 'demo', id: 'kitchen', paise: 0 });
const server = createServer({
  model,
  database,
  tables: { jars: { table: jars, scopes: [by('jar', jars.id)] } },
  mutators: {
    deposit: {
      roles: ['person'],
      async run({ db, tenant, reject }, { jarId, paise }) {
        const [jar] = await db
          .update(jars)
          .set({ paise: sql`${jars.paise} + ${paise}` })
          .where(and(eq(jars.tenant, tenant), eq(jars.id, jarId)))
          .returning({ paise: jars.paise });
        return jar ?? reject('no_such_jar', `There is no jar ${jarId}`);
      },
    },
  },
  // A real server passes `jwtAuth(…)`; here the token is the person's name.
  auth: async (request) => ({
    actor: { tenant: 'demo', id: request.headers.get('authorization')?.slice(7) ?? '', role: 'person', claims: {} },
    expiresAt: new Date(8.64e15),
  }),
  scopes: () => ['jar:kitchen'],
});
const { url } = await server.listen({ port: 0, host: '127.0.0.1' });

// 3. Two phones. A phone shows its own deposit at once, keeps it through a crash, and sends it when there is a line.
const phone = (id: string) =>
  createClient({
    model,
    url,
    actor: { tenant: 'demo', id },
    token: () => id,
    store: memoryStore(),
    optimistic: {
      deposit: (replica, { jarId, paise }) =>
        replica.update('jars', jarId, { paise: (replica.get('jars', jarId)?.paise ?? 0) + paise }),
    },
  });
const [asha, ravi] = await Promise.all([phone('asha'), phone('ravi')]);
const [saved] = await Promise.all([
  asha.mutate('deposit', { jarId: 'kitchen', paise: 500_00 }),
  ravi.mutate('deposit', { jarId: 'kitchen', paise: 250_00 }),
]);
console.log('asha’s receipt:', (await saved.confirmed).state);
await ravi.sync().then(() => asha.sync());
console.log('asha sees', await asha.read('jars'), 'and ravi sees', await ravi.read('jars'));
await Promise.all([asha.close(), ravi.close()]).then(() => server.close());
