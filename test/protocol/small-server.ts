import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { SyncResponse } from '@ekbaar/sdk/protocol';
import { by, createServer, jwtAuth, openDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import * as z from 'zod/mini';
import { bearerTokens, type TokenOf } from '../support/bearer-tokens.ts';
import type { FieldOps } from '../support/field-ops.ts';
import { type HttpClient, httpClient } from '../support/http-client.ts';

const notes = pgTable(
  'notes',
  { tenant: text().notNull(), id: text().notNull(), owner: text().notNull(), body: text().notNull() },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

/** Version 3 of an app with one collection: everybody's own notes. */
const model = defineModel({
  version: 3,
  collections: {
    notes: collection({ schema: z.object({ id: z.string(), owner: z.string(), body: z.string() }), key: 'id' }),
  },
  mutations: {
    write: mutation({ args: z.object({ id: z.string(), body: z.string() }) }),
    /** Writes like `write`, then throws for as long as `broken` says so. */
    stumble: mutation({ args: z.object({ id: z.string() }) }),
  },
});

export interface SmallServer extends HttpClient, Pick<FieldOps, 'sync' | 'trySync' | 'query'> {
  readonly token: TokenOf;
  /** The server's clock stands still, but for this. */
  passMinutes(minutes: number): void;
  /** Whether `stumble` throws. */
  broken: boolean;
  close(): Promise<void>;
}

/** A server on PGlite whose clock and whose mutator's faults are the test's. Models before version 2 are too old for it. */
export async function startSmallServer(): Promise<SmallServer> {
  const secret = crypto.randomUUID();
  let now = Date.parse('2026-11-22T10:00:00Z');
  const database = await openDatabase();
  await database.db.execute(
    sql`create table notes (tenant text, id text, owner text not null, body text not null, primary key (tenant, id))`,
  );
  const server = createServer({
    model,
    database,
    tables: { notes: { table: notes, scopes: [by('owner', notes.owner)] } },
    oldestModel: 2,
    auth: jwtAuth({ secret }),
    scopes: (actor) => [`owner:${actor.id}`],
    platform: { clock: () => new Date(now), log: { info: () => {}, error: () => {} } },
    mutators: {
      write: {
        roles: ['writer'],
        async run({ db, tenant, actor }, { id, body }) {
          await db.insert(notes).values({ tenant, id, owner: actor.id, body });
          return undefined;
        },
      },
      stumble: {
        roles: ['writer'],
        async run({ db, tenant, actor }, { id }) {
          await db.insert(notes).values({ tenant, id, owner: actor.id, body: 'stumbled' });
          if (small.broken) throw new Error('a bug of the app');
          return undefined;
        },
      },
    },
  });
  const { url } = await server.listen({ port: 0, host: '127.0.0.1' });
  const http = httpClient(url);
  const trySync: SmallServer['trySync'] = (token, request) =>
    http.post('/v1/sync', token, {
      ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date(now).toISOString(), model: 3 },
      ...{ clientId: crypto.randomUUID(), mutations: [], ...request },
    });
  const small: SmallServer = {
    ...http,
    trySync,
    token: bearerTokens(secret),
    broken: true,
    async sync(token, request) {
      const answer = await trySync(token, request);
      if (answer.status !== 200) throw new Error(`POST /v1/sync: ${answer.status} ${answer.text}`);
      return SyncResponse.parse(answer.body);
    },
    async query<Row>(statement: Parameters<FieldOps['query']>[0]) {
      const result: unknown = await database.db.execute(statement);
      return (result as { rows: Row[] }).rows;
    },
    passMinutes: (minutes) => void (now += minutes * 60_000),
    close: () => server.close(),
  };
  return small;
}
