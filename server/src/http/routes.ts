import { IdempotencyKey, limits, SyncRequest } from '@ekbaar/sdk/protocol';
import { type Context, Hono } from 'hono';
import type { Engine } from '../engine/engine.ts';
import { ProblemError } from '../problem.ts';
import type { Authenticate, Authenticated } from './auth.ts';
import { parsed, readJson } from './body.ts';
import { events } from './events.ts';

/** What the middleware puts on a request's context. */
export interface ApiEnv {
  Variables: { requestId: string };
}

type ApiContext = Context<ApiEnv>;

/** Turns a request's body and path into a mutation's args, for a route that is another name of it. */
export type ArgsOfRequest = (
  body: Record<string, unknown>,
  path: Record<string, string>,
  actor: Authenticated['actor'],
) => unknown;

/** The protocol's routes, and the means to give its operations other names. */
export function apiRoutes(engine: Engine, authenticate: Authenticate, clock: () => Date) {
  const app = new Hono<ApiEnv>({ strict: false });

  const signedIn = (c: ApiContext): Promise<Authenticated> => authenticate(c.req.raw);

  app.post('/v1/sync', async (c) => {
    const { actor } = await signedIn(c);
    const request = parsed(SyncRequest, await readJson(c.req.raw), 'body');
    return c.json(await engine.sync(actor, request));
  });

  app.get('/v1/pull', async (c) => {
    const { actor } = await signedIn(c);
    const scopes = c.req.queries('scope');
    if ((scopes?.length ?? 0) > limits.scopesPerRequest)
      throw malformedQuery('scope', `at most ${limits.scopesPerRequest} of them`);
    return c.json(
      await engine.pull(actor, {
        cursor: c.req.query('cursor') || null,
        limit: countQuery(c, 'limit', limits.changesPerPage, limits.changesPerPage),
        scopes,
      }),
    );
  });

  app.get('/v1/events', async (c) => {
    const { actor, expiresAt } = await signedIn(c);
    return events(c, engine.pokes, actor.tenant, engine.readable(actor), expiresAt.getTime() - clock().getTime());
  });

  /** A route that does the mutation `name`, once by its Idempotency-Key. */
  const mutationRoute = (name: string | undefined, argsOf: ArgsOfRequest) => async (c: ApiContext) => {
    const { actor } = await signedIn(c);
    const body = await readJson(c.req.raw);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new ProblemError('malformed', 'The body is the mutation’s arguments: a JSON object', {
        issues: [{ path: '', message: 'not an object' }],
      });
    }
    const path = c.req.param() as Record<string, string>;
    const mutation = name ?? path['name'] ?? '';
    if (mutation.length > 64) throw new ProblemError('not_found', 'No mutation has a name that long');
    const key = keyOf(c, engine.keepsReceipt(mutation));
    const args = argsOf(body as Record<string, unknown>, path, actor);
    const { outcome, replayed } = await engine.mutate(actor, { key, name: mutation, args });
    if (replayed) c.header('Idempotency-Replayed', 'true');
    return c.json({ key, ...outcome }, ({ applied: 200, rejected: 422, dead: 202 } as const)[outcome.status]);
  };

  app.post(
    '/v1/mutations/:name',
    mutationRoute(undefined, (body) => body),
  );

  /** A route that lists a collection; `aliases` are other names of filters, alias → field. */
  const collectionRoute =
    (name: string | undefined, aliases: Readonly<Record<string, string>> = {}) =>
    async (c: ApiContext) => {
      const { actor } = await signedIn(c);
      const { sort: _, limit: __, cursor: ___, ...asked } = c.req.queries();
      const filters: Record<string, string[]> = {};
      for (const [field, values] of Object.entries(asked)) (filters[aliases[field] ?? field] ??= []).push(...values);
      return c.json(
        await engine.page(actor, name ?? c.req.param('name') ?? '', {
          filters,
          sort: c.req.query('sort'),
          limit: countQuery(c, 'limit', 100, limits.rowsPerPage),
          cursor: c.req.query('cursor'),
        }),
      );
    };

  app.get('/v1/collections/:name', collectionRoute(undefined));
  app.get('/v1/collections/:name/:id', async (c) => {
    const { actor } = await signedIn(c);
    return c.json(await engine.row(actor, c.req.param('name'), c.req.param('id')));
  });

  return { app, mutationRoute, collectionRoute };
}

function keyOf(c: ApiContext, required: boolean): string {
  const header = c.req.header('Idempotency-Key');
  if (header === undefined) {
    // Without a receipt nobody could be answered from it: such mutations get a key of the moment.
    if (!required) return crypto.randomUUID();
    throw new ProblemError(
      'idempotency_key_required',
      'Send the header "Idempotency-Key: <uuid>", the same again with every retry',
    );
  }
  const key = IdempotencyKey.safeParse(header.trim());
  if (key.success) return key.data;
  throw new ProblemError('malformed', 'The Idempotency-Key is no UUID', {
    issues: [{ path: 'Idempotency-Key', message: 'not a UUID' }],
  });
}

function countQuery(c: ApiContext, name: string, otherwise: number, most: number): number {
  const text = c.req.query(name);
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw malformedQuery(name, `a whole number from 1 to ${most}`);
  return Math.min(Number(text), most);
}

function malformedQuery(name: string, message: string): ProblemError {
  return new ProblemError('malformed', `The query parameter "${name}" must be ${message}`, {
    issues: [{ path: name, message }],
  });
}
