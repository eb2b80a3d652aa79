import { fieldOpsServer, type Outside } from '@ekbaar/field-ops/server';
import { seedDemo } from '@ekbaar/field-ops/seed';
import { SyncRequest, SyncResponse } from '@ekbaar/sdk/protocol';
import { type Limits, type Log, type ObserveOptions, openDatabase, type Queryable, type Server } from '@ekbaar/server';
import type { SQL } from 'drizzle-orm';
import { demoDate, demoPglite, usualDemo } from './demo-pglite.ts';
import { bearerTokens, type TokenOf } from './bearer-tokens.ts';
import { type HttpAnswer, httpClient, type HttpClient } from './http-client.ts';

export interface FieldOpsOptions {
  /** A PostgreSQL database; PGlite in memory without one, which opens in a second or two: once for a test file. */
  url?: string;
  /** `transaction` when the url leads to a pooler of that mode. */
  pooler?: 'transaction';
  /** A standby of it, for deltas. */
  replicaUrl?: string | undefined;
  /** The demo day of each operator; 4 agents (a01 …) and 60 deliveries (d0001 …) by default. */
  demo?: { agents: number; deliveries: number };
  clock?: () => Date;
  limits?: Partial<Limits>;
  observe?: ObserveOptions;
  /** How many proxies requests come through: `X-Forwarded-For` says from where. */
  proxies?: number;
  /** Instead of one that only keeps the failures. */
  log?: Log;
  /** Whose webhooks it believes, and where its own may go. */
  outside?: Outside;
}

/** The real server of the field operation on 127.0.0.1, with the demo day loaded and published. */
export interface FieldOps extends HttpClient {
  readonly url: string;
  readonly server: Server;
  /** What the server logged as failures, newest last. */
  readonly failures: readonly Record<string, unknown>[];
  readonly token: TokenOf;
  /** `POST /v1/sync` with what is given; throws unless the answer is 200 and one of the protocol. */
  sync(token: string, request?: Partial<SyncRequest>): Promise<SyncResponse>;
  /** The same, whatever the answer. */
  trySync(token: string, request?: Record<string, unknown>): Promise<HttpAnswer>;
  /** Runs plain SQL as another program on the same database would. */
  query<Row>(statement: SQL): Promise<Row[]>;
  close(): Promise<void>;
}

export async function startFieldOps(options: FieldOpsOptions = {}): Promise<FieldOps> {
  const { clock = () => new Date(), demo = usualDemo } = options;
  const secret = crypto.randomUUID();
  const failures: Record<string, unknown>[] = [];
  const log = {
    info: () => {},
    error: (facts: Record<string, unknown>, message: string) => void failures.push({ message, ...facts }),
  };
  const { url: given, pooler } = options;
  const isUsual = given === undefined && demo === usualDemo;
  const database = isUsual ? await demoPglite() : await openDatabase({ url: given, pooler });
  const { limits = {}, observe = {}, replicaUrl } = options;
  const readReplica = replicaUrl === undefined ? undefined : await openDatabase({ url: replicaUrl, standby: true });
  const platform = { clock, log: options.log ?? log };
  // Its accounts are there, as the demo day is.
  const signIn = { demo: true, proxies: options.proxies ?? 0 };
  const outside = options.outside ?? { providers: {}, allowedAddresses: [] };
  const server = fieldOpsServer(database, { secret }, { platform, limits, observe, readReplica, signIn, outside });
  const { url } = await server.listen({ port: 0, host: '127.0.0.1' });
  if (await seedDemo(database.db, demoDate, demo)) await server.engine.sweep();

  const http = httpClient(url);
  const trySync: FieldOps['trySync'] = (token, request) => http.post('/v1/sync', token, syncRequest(clock(), request));
  return {
    ...http,
    url,
    server,
    failures,
    token: bearerTokens(secret),
    trySync,
    async sync(token, request) {
      const answer = await trySync(token, request);
      if (answer.status !== 200) throw new Error(`POST /v1/sync: ${answer.status} ${JSON.stringify(answer.body)}`);
      return SyncResponse.parse(answer.body);
    },
    query: (statement) => queryOf(database.db, statement),
    close: () => server.close(),
  };
}

/** A whole request: what is not given is that of a client seen for the first time, which has nothing to send. */
function syncRequest(now: Date, given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    protocol: 1,
    request: crypto.randomUUID(),
    sentAt: now.toISOString(),
    model: 1,
    clientId: crypto.randomUUID(),
    mutations: [],
    ...given,
  };
}

async function queryOf<Row>(db: Queryable, statement: SQL): Promise<Row[]> {
  const result: unknown = await db.execute(statement);
  // postgres.js answers an array of rows, PGlite an object that has them.
  return (Array.isArray(result) ? result : (result as { rows: unknown[] }).rows) as Row[];
}
