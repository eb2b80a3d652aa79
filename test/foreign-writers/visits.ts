import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import { type Row, SyncResponse } from '@ekbaar/sdk/protocol';
import {
  by,
  createServer,
  jwtAuth,
  type MutationContext,
  nodePlatform,
  postgresDatabase,
  type ScopeRule,
  type Server,
} from '@ekbaar/server';
import { and, eq } from 'drizzle-orm';
import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Sql } from 'postgres';
import * as z from 'zod/mini';
import { catchUp, Replica } from '../protocol/replica.ts';
import { bearerTokens, type TokenOf } from '../support/bearer-tokens.ts';
import type { FieldOps } from '../support/field-ops.ts';
import { httpClient } from '../support/http-client.ts';

/** A table that another program made, and that it goes on writing to. */
export const visits = pgTable(
  'visits',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    agent: text(),
    region: text(),
    note: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

export const createVisits = `create table visits (tenant text not null, id text not null, agent text, region text,
  note text not null default '', primary key (tenant, id))`;

/** A table whose trigger writes a visit for each of its lines when their transaction commits. */
export const logThatWritesLate = `
  create table log (line text);
  create function late() returns trigger language plpgsql as $$ begin
    insert into visits (tenant, id, agent) values ('pennco', new.line, 'a2');
    return null;
  end $$;
  create constraint trigger late after insert on log deferrable initially deferred for each row execute function late()`;

export const model = defineModel({
  version: 1,
  collections: {
    visits: collection({
      schema: z.object({
        id: z.string(),
        agent: z.nullable(z.string()),
        region: z.nullable(z.string()),
        note: z.string(),
      }),
      key: 'id',
    }),
  },
  mutations: {
    amend: mutation({ args: z.object({ id: z.string(), note: z.string() }), rejects: ['not_found'] }),
    hand: mutation({ args: z.object({ id: z.string(), agent: z.string() }), rejects: ['not_found'] }),
  },
});

export const scopes = [by('agent', visits.agent), by('region', visits.region)];

export interface VisitsServer extends Pick<FieldOps, 'sync'> {
  readonly server: Server;
  readonly token: TokenOf;
  /** What the server reported, newest last. */
  readonly failures: readonly Record<string, unknown>[];
  close(): Promise<void>;
}

export interface VisitsOptions {
  readonly rules?: readonly ScopeRule[];
  readonly version?: number;
  readonly sweepEveryMs?: number;
}

/** A server of the table. Those of one database take the same tokens. */
export async function startVisits(url: string, options: VisitsOptions = {}): Promise<VisitsServer> {
  const secret = 'the same for all servers of a test';
  const failures: Record<string, unknown>[] = [];
  const change = async (
    { db, tenant, reject }: MutationContext<'not_found'>,
    id: string,
    values: Partial<typeof visits.$inferInsert>,
  ): Promise<undefined> => {
    const changed = await db
      .update(visits)
      .set(values)
      .where(and(eq(visits.tenant, tenant), eq(visits.id, id)))
      .returning({ id: visits.id });
    if (changed.length === 0) reject('not_found', 'There is no such visit');
  };
  const server = createServer({
    model: { ...model, version: options.version ?? 1 },
    database: postgresDatabase(url, { connections: 6 }),
    tables: { visits: { table: visits, scopes: options.rules ?? scopes } },
    mutators: {
      amend: { roles: ['agent'], run: (context, { id, note }) => change(context, id, { note }) },
      hand: { roles: ['agent'], run: (context, { id, agent }) => change(context, id, { agent }) },
    },
    auth: jwtAuth({ secret }),
    scopes: (actor) => (actor.role === 'ops' ? [{ prefix: 'agent:' }, { prefix: 'region:' }] : [`agent:${actor.id}`]),
    sweepEveryMs: options.sweepEveryMs ?? 50,
    platform: {
      log: {
        ...nodePlatform.log,
        info: () => {},
        error: (facts: Record<string, unknown>, message: string) => void failures.push({ message, ...facts }),
      },
    },
  });
  const { url: at } = await server.listen({ port: 0, host: '127.0.0.1' });
  const http = httpClient(at);
  return {
    server,
    failures,
    token: bearerTokens(secret),
    async sync(token, request) {
      const answer = await http.post('/v1/sync', token, {
        ...{ protocol: 1, request: crypto.randomUUID(), sentAt: new Date().toISOString(), model: options.version ?? 1 },
        ...{ clientId: crypto.randomUUID(), mutations: [], ...request },
      });
      if (answer.status !== 200) throw new Error(`POST /v1/sync: ${answer.status} ${answer.text}`);
      return SyncResponse.parse(answer.body);
    },
    close: () => server.close(),
  };
}

/** A phone that keeps what it was sent. */
export interface Phone {
  readonly replica: Replica;
  /** What it shows. */
  rows(): Row[];
  pull(): Promise<void>;
}

/** @param limit changes in a page */
export function phone(visitsServer: Pick<FieldOps, 'sync'>, token: string, limit = 1000): Phone {
  const replica = new Replica();
  const clientId = crypto.randomUUID();
  return {
    replica,
    rows: () => [...replica.rows.values()],
    pull: async () => {
      await catchUp(replica, async (cursor) => (await visitsServer.sync(token, { clientId, cursor, limit })).delta);
    },
  };
}

/** What a phone of an agent must show; of ops without one. */
export async function expectedRows(sql: Sql, tenant: string, agent?: string): Promise<Row[]> {
  return sql<Row[]>`
    select id, agent, region, note from visits
    where tenant = ${tenant} and ${agent === undefined ? sql`(agent is not null or region is not null)` : sql`agent = ${agent}`}
    order by id`.then((rows) => rows.map((row) => ({ ...row })));
}

/** Scopes whose count and checksum are not those of their lines, and rows whose lines are not what their columns say. */
export async function wrongLines(sql: Sql): Promise<unknown[]> {
  const heads = await sql`
    select s.tenant, s.scope, s.rows::int, l.rows as lines from sync.scopes s cross join lateral (
      select count(*) filter (where c.tag <> 0)::int as rows, coalesce(sum(c.tag), 0) as checksum
      from sync.changes c where c.tenant = s.tenant and c.scope = s.scope
    ) l where s.rows <> l.rows or s.checksum <> l.checksum`;
  const lines = await sql`
    select coalesce(l.tenant, v.tenant) as tenant, coalesce(l.scope, v.scope) as scope, l.row_id, v.id from (
      select c.tenant, c.scope, c.row_id from sync.changes c where c.collection = 'visits' and c.tag <> 0
    ) l full join (
      select v.tenant, v.id, s.scope from visits v
      cross join lateral (values ('agent:' || v.agent), ('region:' || v.region)) s (scope) where s.scope is not null
    ) v on v.tenant = l.tenant and v.id = l.row_id and v.scope = l.scope
    where l.scope is null or v.scope is null limit 20`;
  return [...heads, ...lines];
}
