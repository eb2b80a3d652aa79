import { IdempotencyKey, limits, SyncRequest } from '@ekbaar/sdk/protocol';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Engine } from '../engine/engine.ts';
import { ProblemError } from '../problem.ts';
import type { Authenticate, Authenticated } from './auth.ts';
import { parsed, readJson } from './body.ts';
import type { EventStreams } from './events.ts';
import type { Gate } from './gate.ts';
import { described } from './openapi/app-routes.ts';
import { countQuery, malformedQuery } from './query.ts';

/** What the middleware puts on a request's context. */
export interface ApiEnv {
  /** Node's own request and answer; absent where the app is called without a listener. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    /** Bytes of an answer that holds a delta. */
    answerBytes?: number;
  };
}

export type ApiContext = Context<ApiEnv>;

/**
 * Where the args of a mutation come from, for a route that is another name of it: the body, with some of them out of the
 * path (parameter → argument), or whatever a function makes of both.
 */
export type ArgsOfRequest =
  | Readonly<Record<string, string>>
  | ((body: Record<string, unknown>, path: Record<string, string>, actor: Authenticated['actor']) => unknown);

/** The protocol's routes, and the means to give its operations other names. */
export function apiRoutes(
  engine: Engine,
  authenticate: Authenticate,
  gate: Gate,
  streams: EventStreams,
  clock: () => Date,
) {
  const app = new Hono<ApiEnv>({ strict: false });

  const signedIn = (c: ApiContext): Promise<Authenticated> => authenticate(c.req.raw);

  app.post('/v1/sync', async (c) => {
    const { actor } = await signedIn(c);
    const body = await readJson(c.req.raw);
    refuseTooMany(body);
    const request = parsed(SyncRequest, body, 'body');
    const work = request.mutations.length > 0 ? 'push' : 'read';
    return sized(
      c,
      await gate.admit(c.req.raw, { work, actor, client: request.clientId }, () => engine.sync(actor, request)),
    );
  });

  app.get('/v1/pull', async (c) => {
    const { actor } = await signedIn(c);
    const scopes = c.req.queries('scope');
    if ((scopes?.length ?? 0) > limits.scopesPerRequest)
      throw malformedQuery('scope', `at most ${limits.scopesPerRequest} of them`);
    const request = {
      cursor: c.req.query('cursor') || null,
      limit: countQuery(c, 'limit', limits.changesPerPage, limits.changesPerPage),
      scopes,
    };
    return sized(c, await gate.admit(c.req.raw, { work: 'read', actor }, () => engine.pull(actor, request)));
  });

  app.get('/v1/events', async (c) => {
    const { actor, expiresAt, stillGood } = await signedIn(c);
    // A stream lasts for hours: it has limits of its own.
    gate.ended(c.req.raw);
    const headers = {
      'Content-Type': 'text/event-stream',
      // As it is: nothing gathers or keeps it.
      'Transfer-Encoding': 'chunked',
      'Cache-Control': 'no-store',
      // nginx would keep the pokes back until its buffer is full.
      'X-Accel-Buffering': 'no',
    };
    // HEAD comes here too, and nobody would read its stream to the end.
    if (c.req.raw.method === 'HEAD') return c.body(null, 200, headers);
    const body = streams.stream({
      actor,
      readable: engine.readable(actor),
      lifetimeMs: expiresAt.getTime() - clock().getTime(),
      stillGood,
      cut: () => c.env.outgoing?.destroy(),
    });
    return c.body(body, 200, headers);
  });

  /** Does the mutation `name`, or the one in the path, once by its Idempotency-Key. */
  const doMutation = (name: string | undefined, argsOf: ArgsOfRequest) => async (c: ApiContext) => {
    const { actor } = await signedIn(c);
    const path = c.req.param() as Record<string, string>;
    const mutation = name ?? path['name'] ?? '';
    if (mutation.length > 64) throw new ProblemError('not_found', 'No mutation has a name that long');
    // Before the body: without a key it must not be sent in any form.
    const key = keyOf(c, engine.keepsReceipt(mutation));
    const body = await readJson(c.req.raw);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new ProblemError('malformed', 'The body is the mutation’s arguments: a JSON object', {
        issues: [{ path: '', message: 'not an object' }],
      });
    }
    const args = argsFrom(argsOf, body as Record<string, unknown>, path, actor);
    const { outcome, replayed } = await gate.admit(c.req.raw, { work: 'push', actor }, () =>
      engine.mutate(actor, { key, name: mutation, args }),
    );
    if (replayed) c.header('Idempotency-Replayed', 'true');
    return c.json({ key, ...outcome }, ({ applied: 200, rejected: 422, dead: 202 } as const)[outcome.status]);
  };

  app.post('/v1/mutations/:name', doMutation(undefined, {}));

  /** Lists the collection `name`, or the one in the path. */
  const listCollection =
    (name: string | undefined, aliases: Readonly<Record<string, string>> = {}) =>
    async (c: ApiContext) => {
      const { actor } = await signedIn(c);
      const { sort: _, limit: __, cursor: ___, ...asked } = c.req.queries();
      // Names are whatever was sent: one may be that of something every object has.
      const filters = new Map<string, string[]>();
      for (const [sent, values] of Object.entries(asked)) {
        const field = Object.hasOwn(aliases, sent) ? (aliases[sent] ?? sent) : sent;
        filters.set(field, [...(filters.get(field) ?? []), ...values]);
      }
      const request = {
        filters,
        sort: c.req.query('sort'),
        limit: countQuery(c, 'limit', 100, limits.rowsPerPage),
        cursor: c.req.query('cursor') || undefined,
      };
      return c.json(
        await gate.admit(c.req.raw, { work: 'read', actor }, () =>
          engine.page(actor, name ?? c.req.param('name') ?? '', request),
        ),
      );
    };

  app.get('/v1/collections/:name', listCollection(undefined));
  app.get('/v1/collections/:name/:id', async (c) => {
    const { actor } = await signedIn(c);
    return c.json(
      await gate.admit(c.req.raw, { work: 'read', actor }, () =>
        engine.row(actor, c.req.param('name'), c.req.param('id')),
      ),
    );
  });

  return {
    app,
    /** A route that does a mutation; it shows in the API's description under its own path. */
    mutationRoute: (name: string, argsOf: ArgsOfRequest) =>
      described(doMutation(name, argsOf), {
        ...{ of: 'mutation', name },
        ...(typeof argsOf === 'function'
          ? { argsInPath: {}, mayForbid: true }
          : { argsInPath: argsOf, mayForbid: false }),
      }),
    /** A route that lists a collection; `aliases` are other names of filters, alias → field. */
    collectionRoute: (name: string, aliases: Readonly<Record<string, string>> = {}) =>
      described(listCollection(name, aliases), { of: 'collection', name, aliases }),
  };
}

/** More mutations than a request may hold are no other than too many bytes: the sender halves them. */
function refuseTooMany(body: unknown): void {
  const mutations = (body as { mutations?: unknown } | null)?.mutations;
  if (!Array.isArray(mutations) || mutations.length <= limits.mutationsPerRequest) return;
  throw new ProblemError(
    'too_large',
    `A request has at most ${limits.mutationsPerRequest} mutations, not ${mutations.length}: send less at a time`,
  );
}

function argsFrom(
  argsOf: ArgsOfRequest,
  body: Record<string, unknown>,
  path: Record<string, string>,
  actor: Authenticated['actor'],
): unknown {
  if (typeof argsOf === 'function') return argsOf(body, path, actor);
  const inPath = Object.entries(argsOf).map(([parameter, argument]) => [argument, path[parameter]]);
  return { ...body, ...Object.fromEntries(inPath) };
}

/** An answer that holds a delta, as its JSON text: its length is worth knowing. */
function sized(c: ApiContext, text: string): Response {
  c.set('answerBytes', Buffer.byteLength(text));
  return c.body(text, 200, { 'Content-Type': 'application/json' });
}

function keyOf(c: ApiContext, required: boolean): string {
  const header = c.req.header('Idempotency-Key')?.trim() ?? '';
  if (header === '') {
    // Without a receipt nobody could be answered from it: such mutations get a key of the moment.
    if (!required) return crypto.randomUUID();
    throw new ProblemError(
      'idempotency_key_required',
      'Send the header "Idempotency-Key: <uuid>", the same again with every retry',
    );
  }
  const key = IdempotencyKey.safeParse(header);
  if (key.success) return key.data;
  throw new ProblemError('malformed', 'The Idempotency-Key is no UUID', {
    issues: [{ path: 'Idempotency-Key', message: 'not a UUID' }],
  });
}
