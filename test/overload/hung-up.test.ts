import { setTimeout as sleep } from 'node:timers/promises';
import { collection, defineModel } from '@ekbaar/sdk/model';
import { by, createServer, openDatabase, type Server } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { head, rawLine } from './raw-line.ts';

const notes = pgTable('notes', { tenant: text().notNull(), id: text().notNull() });
const actorAtOnce = 3;

let server: Server;
let port: number;
/** Of those who ask whether the actor may: an identity provider that takes its time. */
let asked: PromiseWithResolvers<void>[] = [];
let isSlow = false;
beforeAll(async () => {
  const database = await openDatabase();
  await database.db.execute(sql`create table notes (tenant text, id text, primary key (tenant, id))`);
  server = createServer({
    model: defineModel({
      version: 1,
      collections: { notes: collection({ schema: z.object({ id: z.string() }), key: 'id' }) },
      mutations: {},
    }),
    ...{ database, tables: { notes: { table: notes, scopes: [by('note', notes.id)] } }, mutators: {} },
    async auth() {
      if (isSlow) {
        const answer = Promise.withResolvers<void>();
        asked.push(answer);
        await answer.promise;
      }
      return {
        actor: { tenant: 'demo', id: 'asha', role: 'person', claims: {} },
        expiresAt: new Date(8.64e15),
      };
    },
    ...{ scopes: () => [], limits: { actorAtOnce }, platform: { log: { info: () => {}, error: () => {} } } },
  });
  ({ port } = await server.listen({ port: 0, host: '127.0.0.1' }));
});
afterAll(() => server.close());

test('who hangs up before it is known who asks holds no place', async () => {
  isSlow = true;
  for (let at = 0; at < actorAtOnce; at++) {
    const { socket } = await rawLine(port);
    socket.write(`${head('GET', '/v1/pull', 'token')}\r\n`);
    await expect.poll(() => asked.length).toBe(at + 1);
    socket.destroy();
  }
  // The server has heard of it.
  await sleep(200);
  isSlow = false;
  for (const answer of asked) answer.resolve();
  const status = async () => (await fetch(`http://127.0.0.1:${port}/v1/pull`)).status;
  await expect.poll(status, { timeout: 5000 }).toBe(200);
});
