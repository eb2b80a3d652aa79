import { setTimeout as sleep } from 'node:timers/promises';
import type { Model } from '@ekbaar/sdk/model';
import { sql } from 'drizzle-orm';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { requestId } from 'hono/request-id';
import type { AppConfig } from './app-config.ts';
import type { Database } from './db/database.ts';
import type { Actor } from './engine/actor.ts';
import { Engine } from './engine/engine.ts';
import type { Mutator } from './engine/mutators.ts';
import { pgBossOutbox } from './engine/pg-boss-outbox.ts';
import type { TableDeclaration } from './engine/synced-table.ts';
import { retentionOf } from './engine/tombstones.ts';
import { adminRoutes } from './http/admin-routes.ts';
import type { Authenticate } from './http/auth.ts';
import { countBody, discardBody } from './http/body.ts';
import { EventStreams } from './http/events.ts';
import { Gate } from './http/gate.ts';
import { gzipJson } from './http/gzip-json.ts';
import { type Limits, limitsOf } from './http/limits.ts';
import { type Listener, listen } from './http/listener.ts';
import { metricsRoute } from './http/metrics-route.ts';
import { problemOf, problemResponse } from './http/problem-response.ts';
import { Readiness } from './http/readiness.ts';
import { referenceRoutes } from './http/reference-page.ts';
import { requestLog } from './http/request-log.ts';
import { type ApiEnv, apiRoutes } from './http/routes.ts';
import { observation, type ObserveOptions } from './observe/observation.ts';
import { scrapedState } from './observe/scraped-state.ts';
import { nodePlatform, type Platform } from './platform.ts';
import { ProblemError } from './problem.ts';

export interface ServerOptions<M extends Model> extends AppConfig<M> {
  readonly database: Database;
  /**
   * A streaming standby of the database, opened with `standby: true`, for deltas: pulls, and what a sync brings. What it has
   * not heard of yet, and everything else, comes from the database itself; so do all deltas while it is away.
   */
  readonly readReplica?: Database | undefined;
  /** Who sends a request: `jwtAuth(…)` or the app's own. */
  readonly auth: Authenticate;
  /** Who may see and handle dead letters and read the audit log, of the own tenant: nobody by default. */
  readonly admin?: (actor: Actor) => boolean;
  /** How often the writes of other programs are looked for; 250 ms by default. */
  readonly sweepEveryMs?: number;
  /**
   * How many days it is remembered which rows left a scope; 30 by default. A phone that was away for longer takes such
   * scopes anew when it comes back: it costs traffic, and nothing is lost.
   */
  readonly tombstoneDays?: number;
  /** How much this node takes on before it refuses; what is not given is what `Limits` says. */
  readonly limits?: Partial<Limits>;
  /** The title of `/docs` and `/openapi.json`, which describe the API; false leaves both out. */
  readonly docs?: false | { readonly title: string };
  /** What the server tells of itself, besides the metrics: access log, error hook. */
  readonly observe?: ObserveOptions;
  readonly platform?: Partial<Platform>;
}

export interface Server {
  readonly engine: Engine;
  /** The Hono app: `app.request()` in tests, and the place for routes of the app's own. */
  readonly app: Hono<ApiEnv>;
  /** Makers of routes that are other names of the protocol's operations. */
  readonly mutationRoute: ReturnType<typeof apiRoutes>['mutationRoute'];
  readonly collectionRoute: ReturnType<typeof apiRoutes>['collectionRoute'];
  /** Who sends a request, and within the limits of the actor: for routes of the app's own. */
  readonly authenticate: Authenticate;
  /** Migrates the database; call it once before requests come. */
  start(): Promise<void>;
  /** Starts and listens; gives the port, which the system chooses for 0. */
  listen(at: { port: number; host: string }): Promise<{ port: number; url: string }>;
  /**
   * Says on `/readyz` that it goes, ends the event streams, goes on answering for `drainMs` (0 by default; give the load
   * balancer the time to notice), then takes no more connections, answers what is under way and lets go of everything,
   * the database included.
   */
  close(how?: { drainMs?: number }): Promise<void>;
}

/**
 * An Ekbaar server: exactly-once mutations in, deltas out.
 *
 * @throws TypeError when model, tables and mutators do not fit together
 */
export function createServer<M extends Model>(options: ServerOptions<M>): Server {
  const { clock, monotonic, random, log } = { ...nodePlatform, ...options.platform };
  const seen = observation({
    ...{ given: options.observe ?? {}, model: options.model, log, monotonic },
    scopeKinds: scopeKindsOf(Object.values(options.tables)),
    readings: {
      state: scrapedState(() => engine.state(), monotonic),
      connections: () => options.database.load?.(),
      admission: () => gate.load,
      streams: () => streams.open,
      pokes: () => engine.pokeCounts,
    },
  });
  const engine = new Engine({
    model: options.model,
    database: options.database,
    readReplica: options.readReplica,
    tables: options.tables as Readonly<Record<string, TableDeclaration>>,
    serverTables: options.serverTables ?? [],
    // The types held where the mutators were declared; from here on names lead to them.
    mutators: options.mutators as unknown as Readonly<Record<string, Mutator>>,
    scopes: options.scopes,
    outbox: pgBossOutbox(options.database, options.queues ?? [], (error) =>
      seen.report('the outbox failed', error, {}),
    ),
    migrations: options.migrations,
    oldestModel: options.oldestModel ?? 1,
    haltPolicy: options.haltPolicy ?? { tries: 5, minutes: 15 },
    sweepEveryMs: options.sweepEveryMs ?? 250,
    retention: retentionOf(options.tombstoneDays ?? 30),
    clock,
    monotonic,
    onProblem: seen.report,
    observer: seen.engine,
  });
  const limits = limitsOf(options.limits ?? {}, options.database.connections);
  const gate = new Gate(limits, clock);
  const streams = new EventStreams(engine.pokes, limits, random);
  const ask = options.database.ask ?? (() => options.database.db.execute(sql`select 1`));
  const readiness = new Readiness(ask);
  const authenticate = gate.limiting(seen.noting(options.auth));
  const api = apiRoutes(engine, authenticate, gate, streams, clock);
  const app = new Hono<ApiEnv>({ strict: false });
  // No longer than a problem may name.
  app.use(requestId({ limitLength: 200 }));
  app.use(requestLog(seen, log, monotonic));
  app.use(
    '*',
    cors({ origin: '*', exposeHeaders: ['Idempotency-Replayed', 'Retry-After', 'X-Request-Id'], maxAge: 86_400 }),
  );
  app.use(compress());
  app.use(gzipJson);
  app.use(async (c, next) => {
    const { outgoing } = c.env ?? {};
    // Answered is what the reader has taken, or left.
    outgoing?.once('close', () => gate.ended(c.req.raw));
    countBody(c.req.raw, (bytes, sent) => gate.hold(c.req.raw, bytes, sent));
    await next();
    if (c.res.status >= 400) await discardBody(c.req.raw);
    // Who hung up before it was known whose request it was counts from then on, and nobody would tell of their end.
    if (outgoing === undefined || outgoing.closed) gate.ended(c.req.raw);
    if (readiness.draining) c.header('Connection', 'close');
  });
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    await readiness.check();
    return c.json({ status: 'ready' });
  });
  app.get('/metrics', metricsRoute(seen.metrics, options.observe?.metricsToken));
  if (options.docs !== false) referenceRoutes(app, options.model, options.docs?.title ?? 'Ekbaar');
  app.route('/', api.app);
  app.route('/', adminRoutes(engine, authenticate, gate, options.admin ?? (() => false)));
  app.notFound((c) =>
    problemResponse(c, new ProblemError('not_found', `There is nothing at ${c.req.method} ${c.req.path}`), random),
  );
  app.onError((error, c) => problemResponse(c, problemOf(error), random));

  let listener: Listener | undefined;
  let closing: Promise<void> | undefined;
  const start = once(() => engine.start());
  const close = async (drainMs: number) => {
    readiness.drain();
    streams.end();
    if (drainMs > 0) await sleep(drainMs);
    await listener?.close();
    await engine.stop();
    await Promise.all([options.database.close(), options.readReplica?.close()]);
  };
  return {
    engine,
    app,
    mutationRoute: api.mutationRoute,
    collectionRoute: api.collectionRoute,
    authenticate,
    start,
    async listen({ port, host }) {
      await start();
      listener = await listen((request, bindings) => app.fetch(request, bindings), { port, host }, limits);
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
      return { port: listener.port, url };
    },
    close({ drainMs = 0 } = {}) {
      return (closing ??= close(drainMs));
    },
  };
}

/** `agent` and `region` of `by('agent', …)` and `by('region', …)`. */
function scopeKindsOf(tables: readonly TableDeclaration[]): string[] {
  return [...new Set(tables.flatMap(({ scopes }) => scopes.map(({ kind }) => kind)))];
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
