import { type ApiEnv, type Authenticate, described, ProblemError, readJson } from '@ekbaar/server';
import type { Context, Hono } from 'hono';
import * as z from 'zod/mini';
import { descriptionOf, fitting, storable, storablePath } from '../described-route.ts';
import { type Overseer, overseerOf, overseesAll } from './overseer.ts';

/** Where the console's routes are put, and how it is found out who asks. */
export interface RecordsApp {
  readonly app: Hono<ApiEnv>;
  readonly authenticate: Authenticate;
}

interface RecordRoute<Query extends z.ZodMiniType, Body extends z.ZodMiniType, Answer extends z.ZodMiniType> {
  readonly method: 'get' | 'post';
  /** Below `/api/v1/records`. */
  readonly path: string;
  readonly summary: string;
  /** Only for ops of all regions: what it tells cannot be divided by region. */
  readonly allRegions?: boolean;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  readonly run: (asked: {
    readonly by: Overseer;
    readonly path: Readonly<Record<string, string>>;
    readonly query: z.infer<Query>;
    readonly body: z.infer<Body>;
  }) => Promise<z.input<Answer>>;
}

/**
 * A route of the console: who asks is of the office, the tenant is the token's, what comes and goes has a schema that
 * shows in the API's description. What it answers holds customers' data: no cache may keep it.
 */
export function recordRoute<Query extends z.ZodMiniType, Body extends z.ZodMiniType, Answer extends z.ZodMiniType>(
  { app, authenticate }: RecordsApp,
  route: RecordRoute<Query, Body, Answer>,
): void {
  const { query, body, answer, run } = route;
  const path = `/api/v1/records${route.path}`;
  const answering = async (c: Context<ApiEnv>) => {
    const { actor } = await authenticate(c.req.raw);
    const by = overseerOf(actor);
    if (by === undefined) throw new ProblemError('forbidden', `${actor.id} is not of the office: this takes role ops`);
    if (route.allRegions === true && !overseesAll(by))
      throw new ProblemError('forbidden', `${actor.id} does not oversee all regions, and this is of all of them`);
    const asked = {
      by,
      path: storablePath(c),
      query: (query === undefined ? undefined : fitting(query, queryOf(c), 'query')) as z.infer<Query>,
      body: (body === undefined ? undefined : fitting(body, await readJson(c.req.raw), 'body')) as z.infer<Body>,
    };
    c.header('Cache-Control', 'no-store');
    return c.json(answer.parse(await run(asked)) as object);
  };
  app.on(route.method.toUpperCase(), [path], described(answering, descriptionOf(path, route)));
}

/** A parameter that is given more than once is a list. */
function queryOf(c: Context<ApiEnv>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

/** Text of a query or a body. */
export const Text = z.string().check(z.maxLength(200), z.refine(storable, 'text that a database can hold'));
/** One value or several, any of which fits. */
export const Choice = z.optional(z.union([Text, z.array(Text).check(z.maxLength(50))]));
export const Limit = z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(500)), 100);
/** Several values, as a list. */
export function listed(choice: string | readonly string[] | undefined): readonly string[] {
  return choice === undefined ? [] : typeof choice === 'string' ? [choice] : choice;
}
