import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { SyncResponse } from '@ekbaar/sdk/protocol';
import {
  type Actor,
  by,
  createServer,
  type Database,
  jwtAuth,
  type Mutators,
  openDatabase,
  type ReadableScope,
} from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import * as z from 'zod/mini';
import type { Device } from '../protocol/device.ts';
import { bearerTokens, type TokenOf } from '../support/bearer-tokens.ts';
import type { FieldOps } from '../support/field-ops.ts';
import { type HttpAnswer, httpClient, type HttpClient } from '../support/http-client.ts';

const notes = pgTable(
  'notes',
  { tenant: text().notNull(), id: text().notNull(), owner: text().notNull(), body: text().notNull() },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

const Note = z.object({ id: z.string(), body: z.string() });

/** Everybody's own notes. */
export const model = defineModel({
  version: 1,
  collections: {
    notes: collection({ schema: z.object({ id: z.string(), owner: z.string(), body: z.string() }), key: 'id' }),
  },
  mutations: {
    write: mutation({ args: Note, result: z.object({ length: z.int() }), rejects: ['taken'] }),
    ping: mutation({ args: Note, audit: false }),
  },
});

/** A release later: it knows one more mutation. */
const laterModel = defineModel({
  ...model,
  mutations: { ...model.mutations, sign: mutation({ args: z.object({ id: z.string() }) }) },
});

export interface NotesServer extends HttpClient, Pick<FieldOps, 'sync'> {
  readonly url: string;
  readonly database: Database;
  readonly token: TokenOf;
  readonly secret: string;
  /** All that the server logged, as text. */
  logged(): string;
  /** Called by `write` when its note is in the table; throws for what is to be a dead letter. */
  inTheMiddle: (body: string) => void | Promise<void>;
  /** The server's clock stands still, but for this. */
  passMinutes(minutes: number): void;
  rows<Row>(statement: Parameters<FieldOps['query']>[0]): Promise<Row[]>;
  retry(token: string, key: string): Promise<HttpAnswer>;
  close(token: string, key: string, reason: unknown): Promise<HttpAnswer>;
  stop(): Promise<void>;
}

export interface NotesOptions {
  /** Another server's, which also closes it; PGlite in memory without one. */
  readonly beside?: NotesServer;
  readonly database?: Database;
  readonly later?: boolean;
  /** What the app says that an actor may read; the own notes by default. */
  readonly scopes?: (actor: Actor) => readonly ReadableScope[];
}

/** A server of notes: `writer`s write, `ops` mend. A mutation is dead after two tries and fifteen minutes. */
export async function startNotes({ beside, later = false, ...options }: NotesOptions = {}): Promise<NotesServer> {
  const secret = beside?.secret ?? crypto.randomUUID();
  const database = beside?.database ?? options.database ?? (await openDatabase());
  await database.db.execute(
    sql`create table if not exists notes (tenant text, id text, owner text not null, body text not null, primary key (tenant, id))`,
  );
  let time = Date.parse('2026-11-22T10:00:00Z');
  const lines: unknown[] = [];
  const say = (...line: unknown[]) => void lines.push(line);
  const mutators: Mutators<typeof laterModel> = {
    write: {
      roles: ['writer'],
      onceBy: async (_context, { body }) => (body.startsWith('once ') ? body : null),
      async run({ db, tenant, actor, reject }, { id, body }) {
        const branch = typeof actor.claims['branch'] === 'string' ? ` at ${actor.claims['branch']}` : '';
        const row = { tenant, id, owner: actor.id, body: `${body}${branch}` };
        const written = await db.insert(notes).values(row).onConflictDoNothing().returning();
        await server.inTheMiddle(body);
        if (written.length === 0) return reject('taken', `There is a note ${id} already`);
        return { length: body.length };
      },
    },
    ping: {
      roles: ['writer'],
      async run({ db, tenant, actor }, { id, body }) {
        await db.insert(notes).values({ tenant, id, owner: actor.id, body });
        return undefined;
      },
    },
    sign: {
      roles: ['writer'],
      async run({ db, tenant, actor }, { id }) {
        await db.insert(notes).values({ tenant, id, owner: actor.id, body: 'signed' });
        return undefined;
      },
    },
  };
  const common = {
    database: beside === undefined ? database : { ...database, close: async () => {} },
    tables: { notes: { table: notes, scopes: [by('owner', notes.owner)] } },
    auth: jwtAuth({ secret }),
    scopes: options.scopes ?? ((actor: Actor) => [`owner:${actor.id}`]),
    admin: ({ role }: Actor) => role === 'ops',
    haltPolicy: { tries: 2, minutes: 15 },
    platform: { clock: () => new Date(time), log: { info: say, warn: say, error: say } },
  };
  const { sign: _, ...first } = mutators;
  const running = later
    ? createServer({ ...common, model: laterModel, mutators })
    : createServer({ ...common, model, mutators: first });
  const { url } = await running.listen({ port: 0, host: '127.0.0.1' });
  const http = httpClient(url);
  const server: NotesServer = {
    ...http,
    url,
    database,
    secret,
    token: bearerTokens(secret),
    logged: () => JSON.stringify(lines),
    inTheMiddle: () => {},
    passMinutes: (minutes) => void (time += minutes * 60_000),
    async sync(token, request) {
      const sentAt = new Date(time).toISOString();
      const answer = await http.post('/v1/sync', token, {
        ...{ protocol: 1, request: crypto.randomUUID(), sentAt, model: 1, clientId: crypto.randomUUID() },
        ...{ mutations: [], ...request },
      });
      if (answer.status !== 200)
        throw new Error(`POST /v1/sync: ${answer.status} ${answer.text} ${server.logged().slice(-2000)}`);
      return SyncResponse.parse(answer.body);
    },
    async rows<Row>(statement: Parameters<NotesServer['rows']>[0]) {
      const result: unknown = await database.db.execute(statement);
      return (Array.isArray(result) ? result : (result as { rows: Row[] }).rows) as Row[];
    },
    retry: (token, key) => http.post(`/v1/admin/dead-letters/${key}/retry`, token, ''),
    close: (token, key, reason) => http.post(`/v1/admin/dead-letters/${key}/close`, token, { reason }),
    stop: () => running.close(),
  };
  return server;
}

/** Sends a mutation until its tries are spent, so that it ends as a dead letter. Gives its key. */
export async function bury(server: NotesServer, phone: Device, args: { id: string; body: string }): Promise<string> {
  const working = server.inTheMiddle;
  server.inTheMiddle = () => {
    throw new Error('a bug of the app');
  };
  const mutations = phone.next({ name: 'write', args });
  await phone.sync({ mutations });
  server.passMinutes(20);
  const { receipts } = await phone.sync({ mutations });
  server.inTheMiddle = working;
  if (receipts[0]?.status !== 'dead') throw new Error(`it did not die: ${JSON.stringify(receipts)}`);
  return receipts[0].key;
}
