import { type Actor, type ApiEnv, type Authenticate, described, ProblemError, readJson } from '@ekbaar/server';
import type { Context, Hono } from 'hono';
import * as z from 'zod/mini';
import { isUuid, Moment } from '../values.ts';
import { fitting, descriptionOf, storablePath } from '../described-route.ts';

/** Those for whom a route is. */
export interface Circle {
  /** As a refusal names them. */
  readonly inWords: string;
  readonly includes: (actor: Actor) => boolean;
}

/** Each for the regions that they oversee. */
export const office: Circle = {
  inWords: 'ops and settlement',
  includes: ({ role }) => role === 'ops' || role === 'settlement',
};

/** Where routes of ops are put, and who may use them. */
export interface OpsApp {
  readonly app: Hono<ApiEnv>;
  readonly authenticate: Authenticate;
  readonly mayUse: Circle;
}

interface OpsRoute<Query extends z.ZodMiniType, Body extends z.ZodMiniType, Answer extends z.ZodMiniType> {
  readonly method: 'get' | 'post';
  /** As Hono has it: `/api/v1/messages/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  /** 200 by default. */
  readonly status?: 200 | 201 | 202;
  readonly run: (given: {
    readonly actor: Actor;
    readonly path: Readonly<Record<string, string>>;
    readonly query: z.infer<Query>;
    readonly body: z.infer<Body>;
  }) => Promise<z.input<Answer>>;
}

export function refusedTo(actor: Actor, { inWords }: Circle): ProblemError {
  return new ProblemError('forbidden', `${actor.id} may not do this: it is for ${inWords}`);
}

/**
 * A route for ops, with its schemas checked and shown in the API's description. The tenant is always the token's. What it
 * answers holds customers' data: no cache may keep it.
 */
export function opsRoute<Query extends z.ZodMiniType, Body extends z.ZodMiniType, Answer extends z.ZodMiniType>(
  { app, authenticate, mayUse }: OpsApp,
  route: OpsRoute<Query, Body, Answer>,
): void {
  const { method, path, query, body, answer, status = 200, run } = route;
  app.on(
    method.toUpperCase(),
    [path],
    described(
      async (c: Context<ApiEnv>) => {
        const { actor } = await authenticate(c.req.raw);
        if (!mayUse.includes(actor)) throw refusedTo(actor, mayUse);
        c.header('Cache-Control', 'no-store');
        const given = {
          actor,
          path: storablePath(c),
          query: (query === undefined ? undefined : fitting(query, c.req.query(), 'query')) as z.infer<Query>,
          body: (body === undefined ? undefined : fitting(body, await readJson(c.req.raw), 'body')) as z.infer<Body>,
        };
        return c.json(answer.parse(await run(given)) as object, status);
      },
      descriptionOf(path, route),
    ),
  );
}

/** How many a page has. */
export const PageLimit = z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(200)), 50);

/** Where a page ended: a moment and an id, for keyset paging; opaque to whoever sends it back. */
export function pageEnd(at: Date, id: string): string {
  return Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url');
}

const PageStart = z.tuple([Moment, z.string().check(z.refine(isUuid, 'no id'))]);

/** @throws ProblemError `malformed` for a cursor that none of ours is */
export function pageStart(cursor: string | undefined): { at: Date; id: string } | undefined {
  if (cursor === undefined || cursor === '') return undefined;
  try {
    const [at, id] = PageStart.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { at: new Date(at), id };
  } catch (cause) {
    throw new ProblemError('malformed', 'The cursor is none of ours', {
      cause,
      issues: [{ path: 'cursor', message: 'unreadable' }],
    });
  }
}
