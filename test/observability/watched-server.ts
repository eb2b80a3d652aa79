import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { by, createServer, type Database, jwtAuth, type Log, type ObserveOptions, openDatabase } from '@ekbaar/server';
import { eq, sql } from 'drizzle-orm';
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import * as z from 'zod/mini';
import { bearerTokens, type TokenOf } from '../support/bearer-tokens.ts';
import { type HttpClient, httpClient } from '../support/http-client.ts';

const notes = pgTable(
  'notes',
  { tenant: text().notNull(), id: text().notNull(), owner: text().notNull(), body: text().notNull(), size: integer() },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

/** How `write` fails, each in a way that quotes what was sent. */
export const failures = ['statement', 'number', 'unique', 'raise', 'json', 'text', 'conflict', 'none'] as const;

const model = defineModel({
  version: 1,
  collections: {
    notes: collection({
      schema: z.object({ id: z.string(), owner: z.string(), body: z.string(), size: z.nullable(z.int()) }),
      ...{ key: 'id', indexes: ['owner', 'size'] },
    }),
  },
  mutations: {
    write: mutation({
      args: z.object({ id: z.string(), body: z.string(), failure: z.enum(failures) }),
      result: z.object({ length: z.int() }),
      rejects: ['too_short'],
    }),
    forget: mutation({ args: z.object({ id: z.string() }), rejects: ['not_found'] }),
  },
});

export interface WatchedServer extends HttpClient {
  readonly url: string;
  readonly token: TokenOf;
  readonly database: Database;
  /** `POST /v1/sync` of a client's mutations, which come as [name, args]. */
  sync(
    token: string,
    clientId: string,
    from: number,
    mutations: readonly (readonly [string, unknown])[],
  ): ReturnType<HttpClient['post']>;
  /** `POST /v1/mutations/{name}`. */
  mutate(token: string, name: string, args: unknown, key?: string): ReturnType<HttpClient['post']>;
  sweep(): Promise<void>;
  /** The clock by which things are timed goes on by itself, and by this. */
  passSeconds(seconds: number): void;
  close(): Promise<void>;
}

/** A server on PGlite, or on PostgreSQL at `url`, with a log and observers of the test's. */
export async function startWatchedServer({
  log = { info: () => {}, error: () => {} },
  observe = {},
  url: databaseUrl,
}: { log?: Log; observe?: ObserveOptions; url?: string } = {}): Promise<WatchedServer> {
  const secret = crypto.randomUUID();
  let passed = 0;
  const database = await openDatabase({ url: databaseUrl });
  await database.db.execute(
    sql`create table if not exists notes (tenant text, id text, owner text not null, body text not null, size integer, primary key (tenant, id))`,
  );
  const server = createServer({
    ...{ model, database, observe, platform: { log, monotonic: () => performance.now() + passed } },
    tables: { notes: { table: notes, scopes: [by('owner', notes.owner)] } },
    auth: jwtAuth({ secret }),
    scopes: (actor) => [`owner:${actor.id}`],
    // Another program's writes wait until the test has them swept.
    sweepEveryMs: 3_600_000,
    mutators: {
      write: {
        roles: ['writer'],
        async run({ db, tenant, actor, reject }, { id, body, failure }) {
          if (body === '') return reject('too_short', 'Write something');
          const row = { tenant, id, owner: actor.id, body, size: body.length };
          await db.insert(notes).values(row);
          if (failure === 'statement') await db.execute(sql`select * from nothing where body = ${body}`);
          if (failure === 'number') await db.execute(sql`select ${body}::text::integer`);
          if (failure === 'unique') await db.insert(notes).values(row);
          if (failure === 'raise') await db.execute(sql.raw(`do $$ begin raise exception 'no: ${body}'; end $$`));
          if (failure === 'conflict')
            await db.execute(sql`do $$ begin raise exception 'later' using errcode = '40001'; end $$`);
          if (failure === 'json') JSON.parse(body);
          if (failure === 'text') throw `no: ${body}`;
          return { length: body.length };
        },
      },
      forget: {
        roles: ['writer'],
        async run({ db, tenant, reject }, { id }) {
          const gone = await db
            .delete(notes)
            .where(sql`${eq(notes.tenant, tenant)} and ${eq(notes.id, id)}`)
            .returning();
          return gone.length === 0 ? reject('not_found', `There is no note ${id}`) : undefined;
        },
      },
    },
  });
  const { url } = await server.listen({ port: 0, host: '127.0.0.1' });
  const http = httpClient(url);
  const at = '2026-11-22T10:00:00Z';
  return {
    ...{ ...http, url, database, token: bearerTokens(secret) },
    sync: (token, clientId, from, mutations) =>
      http.post('/v1/sync', token, {
        ...{ protocol: 1, request: crypto.randomUUID(), sentAt: at, model: 1, clientId },
        mutations: mutations.map(([name, args], n) => ({
          id: from + n,
          key: crypto.randomUUID(),
          name,
          args,
          at,
          model: 1,
        })),
      }),
    mutate: (token, name, args, key = crypto.randomUUID()) =>
      http.post(`/v1/mutations/${name}`, token, args, { 'Idempotency-Key': key }),
    sweep: () => server.engine.sweep(),
    passSeconds: (seconds) => void (passed += seconds * 1000),
    close: () => server.close(),
  };
}
