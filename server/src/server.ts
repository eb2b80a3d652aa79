import type { AddressInfo } from 'node:net';
import type { Model } from '@ekbaar/sdk/model';
import { type ServerType, serve } from '@hono/node-server';
import { DrizzleQueryError, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { requestId } from 'hono/request-id';
import type { Database } from './db/database.ts';
import type { Actor, ReadableScope } from './engine/actor.ts';
import { Engine } from './engine/engine.ts';
import type { HaltPolicy } from './engine/halt-store.ts';
import type { Mutator, Mutators } from './engine/mutators.ts';
import { pgBossOutbox } from './engine/pg-boss-outbox.ts';
import type { TableDeclaration } from './engine/synced-table.ts';
import type { Authenticate } from './http/auth.ts';
import { problemOf, problemResponse } from './http/problem-response.ts';
import { type ApiEnv, apiRoutes } from './http/routes.ts';
import { nodePlatform, type Platform } from './platform.ts';
import { ProblemError } from './problem.ts';

/** A cursor of hundreds of scopes travels in the URL of a pull; Node's own limit is 16 KiB. */
const maxHeaderSize = 1024 * 1024;
/** How long requests that are under way get to end when the server closes. */
const graceMs = 20_000;

export interface ServerOptions<M extends Model> {
  readonly model: M;
  readonly database: Database;
  /** The table and the scopes of each collection of the model. */
  readonly tables: { readonly [Name in keyof M['collections']]: TableDeclaration };
  /** Tables that mutators use and clients never see; each has a `tenant` column. */
  readonly serverTables?: readonly PgTable[];
  readonly mutators: Mutators<M>;
  /** Who sends a request: `jwtAuth(…)` or the app's own. */
  readonly auth: Authenticate;
  /** What an actor may read. */
  readonly scopes: (actor: Actor) => readonly ReadableScope[];
  /** Queues that mutators may `enqueue` to. */
  readonly queues?: readonly string[];
  /** The app's own drizzle-kit migrations folder, run before its tables are tracked. */
  readonly migrations?: string;
  /** The oldest model version that is still understood; 1 by default: phones stay in the field for long. */
  readonly oldestModel?: number;
  /** When a mutation that keeps throwing becomes a dead letter: by default after 5 tries and 15 minutes. */
  readonly haltPolicy?: HaltPolicy;
  /** How often the writes of other programs are looked for; 250 ms by default. */
  readonly sweepEveryMs?: number;
  readonly platform?: Partial<Platform>;
}

export interface Server {
  readonly engine: Engine;
  /** The Hono app: `app.request()` in tests, and the place for routes of the app's own. */
  readonly app: Hono<ApiEnv>;
  /** Makers of routes that are other names of the protocol's operations. */
  readonly mutationRoute: ReturnType<typeof apiRoutes>['mutationRoute'];
  readonly collectionRoute: ReturnType<typeof apiRoutes>['collectionRoute'];
  /** Migrates the database; call it once before requests come. */
  start(): Promise<void>;
  /** Starts and listens; gives the port, which the system chooses for 0. */
  listen(at: { port: number; host: string }): Promise<{ port: number; url: string }>;
  /** Answers what is under way, then lets go of everything, the database included. */
  close(): Promise<void>;
}

/**
 * An Ekbaar server: exactly-once mutations in, deltas out.
 *
 * @throws TypeError when model, tables and mutators do not fit together
 */
export function createServer<M extends Model>(options: ServerOptions<M>): Server {
  const { clock, random, log } = { ...nodePlatform, ...options.platform };
  const engine = new Engine({
    model: options.model,
    database: options.database,
    tables: options.tables as Readonly<Record<string, TableDeclaration>>,
    serverTables: options.serverTables ?? [],
    // The types held where the mutators were declared; from here on names lead to them.
    mutators: options.mutators as unknown as Readonly<Record<string, Mutator>>,
    scopes: options.scopes,
    outbox: pgBossOutbox(options.database, options.queues ?? [], (error) =>
      log.error(errorFacts(error), 'the outbox failed'),
    ),
    migrations: options.migrations,
    oldestModel: options.oldestModel ?? 1,
    haltPolicy: options.haltPolicy ?? { tries: 5, minutes: 15 },
    sweepEveryMs: options.sweepEveryMs ?? 250,
    clock,
    onProblem: (what, error, facts) => log.error({ ...facts, ...errorFacts(error) }, what),
  });
  const api = apiRoutes(engine, options.auth, clock);
  const app = new Hono<ApiEnv>({ strict: false });
  // No longer than a problem may name.
  app.use(requestId({ limitLength: 200 }));
  app.use(
    '*',
    cors({ origin: '*', exposeHeaders: ['Idempotency-Replayed', 'Retry-After', 'X-Request-Id'], maxAge: 86_400 }),
  );
  app.use(compress());
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    await options.database.db.execute(sql`select 1`);
    return c.json({ status: 'ready' });
  });
  app.route('/', api.app);
  app.notFound((c) =>
    problemResponse(c, new ProblemError('not_found', `There is nothing at ${c.req.method} ${c.req.path}`), random),
  );
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      log.error(
        { requestId: c.get('requestId'), path: c.req.path, code: problem.code, ...errorFacts(error) },
        'a request failed',
      );
    }
    return problemResponse(c, problem, random);
  });

  let listening: ServerType | undefined;
  const start = once(() => engine.start());
  return {
    engine,
    app,
    mutationRoute: api.mutationRoute,
    collectionRoute: api.collectionRoute,
    start,
    async listen({ port, host }) {
      await start();
      const address = await new Promise<AddressInfo>((resolve, reject) => {
        listening = serve({ fetch: app.fetch, port, hostname: host, serverOptions: { maxHeaderSize } }, resolve);
        listening.once('error', reject);
      });
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
      return { port: address.port, url };
    },
    async close() {
      engine.pokes.close();
      if (listening !== undefined) await closeServer(listening);
      await engine.stop();
      await options.database.close();
    },
  };
}

/** Answers what is under way; who has not taken the answer after a while is cut off. */
async function closeServer(listening: ServerType): Promise<void> {
  const cut = setTimeout(() => {
    if ('closeAllConnections' in listening) listening.closeAllConnections();
  }, graceMs);
  await new Promise<void>((resolve) => {
    listening.close(() => resolve());
  });
  clearTimeout(cut);
}

/** What of an error may be logged: names, codes and places, never a statement's parameters. */
function errorFacts(error: unknown): Record<string, unknown> {
  const root = rootOf(error);
  if (!(root instanceof Error)) return { error: String(root) };
  return { error: `${root.name}: ${root.message}`, ...('code' in root ? { cause: root.code } : {}), stack: root.stack };
}

function rootOf(error: unknown): unknown {
  const wraps = error instanceof DrizzleQueryError || error instanceof ProblemError;
  return wraps && error.cause !== undefined ? rootOf(error.cause) : error;
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
