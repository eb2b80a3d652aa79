import { collection, defineModel } from '@ekbaar/sdk/model';
import { by, createServer, jwtAuth, openDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgSchema, primaryKey } from 'drizzle-orm/pg-core';
import * as z from 'zod/mini';
import { expect, test } from 'vitest';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { httpClient } from '../support/http-client.ts';
import { problemIn } from './problem.ts';

const shop = pgSchema('shop');
const Day = shop.enum('WeekDay', ['monday', 'tuesday', 'sunday']);
const hours = shop.table(
  'hours',
  (t) => ({ tenant: t.text().notNull(), day: Day().notNull(), open: Day().notNull() }),
  (t) => [primaryKey({ columns: [t.tenant, t.day] })],
);
const days = z.enum(['monday', 'tuesday', 'sunday']);
const model = defineModel({
  version: 1,
  collections: { hours: collection({ schema: z.object({ day: days, open: days }), key: 'day', indexes: ['open'] }) },
  mutations: {},
});

test('fields of an enum of another schema, with capitals in its name: pulled, filtered, sorted and paged', async () => {
  const database = await openDatabase();
  for (const statement of [
    `create schema shop`,
    `create type shop."WeekDay" as enum ('monday', 'tuesday', 'sunday')`,
    `create table shop.hours (tenant text, day shop."WeekDay", open shop."WeekDay" not null, primary key (tenant, day))`,
    `insert into shop.hours values ('pennco', 'sunday', 'monday'), ('pennco', 'monday', 'monday'), ('pennco', 'tuesday', 'sunday')`,
  ])
    await database.db.execute(sql.raw(statement));
  const secret = crypto.randomUUID();
  const server = createServer({
    ...{ model, database, auth: jwtAuth({ secret }), mutators: {}, scopes: () => [{ prefix: 'open:' }] },
    tables: { hours: { table: hours, scopes: [by('open', hours.open)] } },
    platform: { log: { info: () => {}, error: () => {} } },
  });
  try {
    const http = httpClient((await server.listen({ port: 0, host: '127.0.0.1' })).url);
    const token = await bearerTokens(secret)('ops', 'ops');
    const get = async (path: string) => {
      const { status, body } = await http.get(path, token);
      expect([path, status]).toEqual([path, 200]);
      return body as { changes: { id: string }[]; rows: { day: string }[]; next: string };
    };
    await server.engine.sweep();
    expect((await get('/v1/pull')).changes.map(({ id }) => id).toSorted()).toEqual(['monday', 'sunday', 'tuesday']);
    const list = async (query: string) => (await get(`/v1/collections/hours${query}`)).rows.map(({ day }) => day);
    expect(await list('?open=monday')).toEqual(['monday', 'sunday']);
    const { next } = await get('/v1/collections/hours?sort=open&limit=1');
    expect(await list(`?sort=open&cursor=${next}`)).toEqual(['sunday', 'tuesday']);
    expect(await get('/v1/collections/hours/sunday')).toEqual({ day: 'sunday', open: 'monday' });
    expect(problemIn(await http.get('/v1/collections/hours?open=someday', token)).code).toBe('malformed');
  } finally {
    await server.close();
  }
});
