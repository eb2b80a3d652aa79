import { setTimeout as sleep } from 'node:timers/promises';
import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { by, createServer, jwtAuth, postgresDatabase } from '@ekbaar/server';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { mutation as entry } from '../protocol/device.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { httpClient } from '../support/http-client.ts';
import { freshDatabase } from '../support/postgres.ts';

const notes = pgTable('notes', { tenant: text().notNull(), id: text().notNull() }, (t) => [
  primaryKey({ columns: [t.tenant, t.id] }),
]);

const races = 25;

test('a cloned phone succeeds while the other’s last try fails: both hear what stands', async () => {
  const database = await freshDatabase();
  const admin = postgres(database.url, { max: 1, onnotice: () => {} });
  await admin`create table notes (tenant text, id text, primary key (tenant, id))`;
  const ran = new Set<string>();
  const server = createServer({
    model: defineModel({
      version: 1,
      collections: { notes: collection({ schema: z.object({ id: z.string() }), key: 'id' }) },
      mutations: { write: mutation({ args: z.object({ id: z.string() }) }) },
    }),
    database: postgresDatabase(database.url),
    tables: { notes: { table: notes, scopes: [by('note', notes.id)] } },
    // Every second try is the last one.
    haltPolicy: { tries: 2, minutes: 0 },
    mutators: {
      write: {
        roles: ['writer'],
        async run({ db, tenant, key }, { id }) {
          await db.insert(notes).values({ tenant, id });
          if (ran.has(key)) return undefined;
          ran.add(key);
          await sleep(30);
          throw new Error('only the first to run fails');
        },
      },
    },
    auth: jwtAuth({ secret: 'any' }),
    scopes: () => [],
    platform: { log: { info: () => {}, error: () => {} } },
  });
  const { url } = await server.listen({ port: 0, host: '127.0.0.1' });
  const http = httpClient(url);
  const token = await bearerTokens('any')('w1', 'writer');
  const send = async (clientId: string, mutations: unknown[]) => {
    const sentAt = new Date().toISOString();
    const { body } = await http.post('/v1/sync', token, {
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt, model: 1, clientId, mutations },
    });
    return (body as { receipts: { status: string }[] }).receipts[0]?.status;
  };

  for (let race = 0; race < races; race++) {
    const write = entry(1, { name: 'write', args: { id: `n${race}` } });
    // The try before: it is counted, and nothing of it remains.
    await admin`insert into sync.halts (tenant, key, tries, first_at, last_at, error) values ('pennco', ${write.key}, 1, now(), now(), '')`;
    const original = send(`original-${race}`, [write]);
    await sleep(15);
    const answers = await Promise.all([original, send(`the-clone-${race}`, [write])]);
    const [stands] = await admin`select status from sync.receipts where tenant = 'pennco' and key = ${write.key}`;
    expect(answers).toEqual([stands?.['status'], stands?.['status']]);
  }
  await server.close();
  await admin.end();
  await database.drop();
});
