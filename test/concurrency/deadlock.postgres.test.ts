import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { by, createServer, jwtAuth, postgresDatabase } from '@ekbaar/server';
import { and, eq, sql } from 'drizzle-orm';
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { mutation as entry } from '../protocol/device.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { httpClient } from '../support/http-client.ts';
import { freshDatabase } from '../support/postgres.ts';

const jars = pgTable('jars', { tenant: text().notNull(), id: text().notNull(), coins: integer().notNull() }, (t) => [
  primaryKey({ columns: [t.tenant, t.id] }),
]);

test('two mutations that wait for each other’s rows: the one that PostgreSQL ends is run again whole, and no try is counted', async () => {
  const database = await freshDatabase();
  const admin = postgres(database.url, { max: 1, onnotice: () => {} });
  await admin`create table jars (tenant text, id text, coins integer not null, primary key (tenant, id))`;
  await admin`insert into jars values ('pennco', 'left', 10), ('pennco', 'right', 10)`;
  let runs = 0;
  /** Opens when both have taken their first row; later tries find it open. */
  const both = Promise.withResolvers<void>();
  const problems: unknown[] = [];
  const server = createServer({
    model: defineModel({
      version: 1,
      collections: { jars: collection({ schema: z.object({ id: z.string(), coins: z.int() }), key: 'id' }) },
      mutations: { move: mutation({ args: z.object({ from: z.string(), to: z.string() }) }) },
    }),
    database: postgresDatabase(database.url),
    tables: { jars: { table: jars, scopes: [by('jar', jars.id)] } },
    mutators: {
      move: {
        roles: ['writer'],
        async run({ db, tenant }, { from, to }) {
          const add = (id: string, coins: number) =>
            db
              .update(jars)
              .set({ coins: sql`${jars.coins} + ${coins}` })
              .where(and(eq(jars.tenant, tenant), eq(jars.id, id)));
          await add(from, -1);
          if (++runs === 2) both.resolve();
          await both.promise;
          await add(to, 1);
          return undefined;
        },
      },
    },
    auth: jwtAuth({ secret: 'any' }),
    scopes: () => [],
    platform: { log: { info: () => {}, error: (...line) => void problems.push(line) } },
  });
  const { url } = await server.listen({ port: 0, host: '127.0.0.1' });
  const token = await bearerTokens('any')('w1', 'writer');
  const send = async (clientId: string, from: string, to: string) => {
    const { body } = await httpClient(url).post('/v1/sync', token, {
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: 1, clientId },
      mutations: [entry(1, { name: 'move', args: { from, to } })],
    });
    return (body as { receipts: { status: string; replayed: boolean }[] }).receipts;
  };

  const receipts = await Promise.all([send('to-the-right', 'left', 'right'), send('to-the-left', 'right', 'left')]);
  expect(receipts).toMatchObject([[{ status: 'applied', replayed: false }], [{ status: 'applied', replayed: false }]]);
  // One of them ran twice, and took effect once.
  expect(runs).toBe(3);
  expect(await admin`select id, coins from jars order by id`).toEqual([
    { id: 'left', coins: 10 },
    { id: 'right', coins: 10 },
  ]);
  expect(await admin`select from sync.halts`).toHaveLength(0);
  expect(await admin`select deadlocks::int from pg_stat_database where datname = current_database()`).toEqual([
    { deadlocks: 1 },
  ]);
  expect(problems).toEqual([]);
  await server.close();
  await admin.end();
  await database.drop();
});
