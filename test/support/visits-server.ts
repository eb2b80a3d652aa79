import { by, createServer, type Mutator, jwtAuth, openDatabase, type Queryable, type Server } from '@ekbaar/server';
import { type SQL, sql } from 'drizzle-orm';
import { integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import * as z from 'zod/mini';
import { bearerTokens, type TokenOf } from './bearer-tokens.ts';
import { freshDatabase } from './postgres.ts';
import { firstModel, thirdModel } from './visits-model.ts';

const visits = pgTable(
  'visits',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    agentId: text('agent_id').notNull(),
    note: text().notNull(),
    language: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

/** A line for every run that took effect: nothing here keeps a mutation from running twice. */
const runs = pgTable('runs', { tenant: text().notNull(), key: uuid().notNull(), visitId: text('visit_id').notNull() });
const pings = pgTable('pings', { tenant: text().notNull(), key: uuid().primaryKey(), n: integer().notNull() });

const First = z.object({ id: z.string(), text: z.string() });
const Second = z.object({ id: z.string(), note: z.string() });

async function write(
  { db, tenant, actor, key }: { db: Queryable; tenant: string; actor: { id: string }; key: string },
  visit: { id: string; note: string; language: string },
): Promise<undefined> {
  await db.insert(runs).values({ tenant, key, visitId: visit.id });
  await db
    .insert(visits)
    .values({ tenant, agentId: actor.id, ...visit })
    .onConflictDoNothing();
  return undefined;
}

const pinged: Mutator<{ n: number }, undefined, never> = {
  roles: ['agent'],
  // Without a receipt, a cloned phone's key stops no second try: it finds its own trace.
  async run({ db, tenant, key }, { n }) {
    await db.insert(pings).values({ tenant, key, n }).onConflictDoNothing();
    return undefined;
  },
};

const noteVisitOfFirst: Mutator<{ id: string; text: string }, undefined, never> = {
  roles: ['agent'],
  run: (context, { id, text: note }) => write(context, { id, note, language: 'hi' }),
};

const noteVisitOfThird: Mutator<{ id: string; note: string; language: 'hi' | 'en' }, undefined, never> = {
  roles: ['agent'],
  upcast: {
    2: (args) => {
      const { id, text: note } = z.parse(First, args);
      return { id, note };
    },
    3: (args) => ({ ...z.parse(Second, args), language: 'hi' }),
  },
  run: write,
};

export interface VisitsServer {
  /** Of the release that runs now. */
  readonly url: string;
  readonly token: TokenOf;
  /** The server's clock, which moves only by this. */
  now(): number;
  passMs(ms: number): void;
  /** Today's release takes the place of the first one, on the same database. */
  upgrade(): Promise<void>;
  /** Another node on the same database, of the first release or of today's. */
  startNode(release: 'first' | 'third'): Promise<{ readonly port: number; close(drainMs: number): Promise<void> }>;
  rows<Row>(statement: SQL): Promise<Row[]>;
  close(): Promise<void>;
}

/** A server of the first release on a PostgreSQL database of its own, whose clock is the test's. */
export async function startVisits(): Promise<VisitsServer> {
  const secret = crypto.randomUUID();
  const fresh = await freshDatabase();
  const database = await openDatabase({ url: fresh.url });
  for (const table of [
    sql`create table visits (tenant text, id text, agent_id text not null, note text not null, language text not null,
          primary key (tenant, id))`,
    sql`create table runs (tenant text not null, key uuid not null, visit_id text not null)`,
    sql`create table pings (tenant text not null, key uuid primary key, n int not null)`,
  ])
    await database.db.execute(table);
  let time = Date.parse('2026-10-23T04:00:00Z');
  const common = {
    database: { ...database, close: async () => {} },
    serverTables: [runs, pings],
    tables: { visits: { table: visits, scopes: [by('agent', visits.agentId)] } },
    auth: jwtAuth({ secret }),
    scopes: ({ id }: { id: string }) => [`agent:${id}`],
    platform: { clock: () => new Date(time), log: { info: () => {}, error: () => {} } },
  };
  const releases: Record<'first' | 'third', () => Server> = {
    first: () =>
      createServer({ ...common, model: firstModel, mutators: { noteVisit: noteVisitOfFirst, ping: pinged } }),
    third: () =>
      createServer({ ...common, model: thirdModel, mutators: { noteVisit: noteVisitOfThird, ping: pinged } }),
  };
  const start = async (release: 'first' | 'third') => {
    const server = releases[release]();
    return { server, ...(await server.listen({ port: 0, host: '127.0.0.1' })) };
  };
  let running = await start('first');
  return {
    get url() {
      return running.url;
    },
    token: bearerTokens(secret),
    now: () => time,
    passMs: (ms) => void (time += ms),
    async upgrade() {
      await running.server.close();
      running = await start('third');
    },
    async startNode(release) {
      const { server, port } = await start(release);
      return { port, close: (drainMs) => server.close({ drainMs }) };
    },
    async rows<Row>(statement: SQL) {
      const result: unknown = await database.db.execute(statement);
      return result as Row[];
    },
    async close() {
      await running.server.close();
      await database.close();
      await fresh.drop();
    },
  };
}
