import { IdempotencyKey, limits, MutationStatus, Timestamp } from '@ekbaar/sdk/protocol';
import { CloseRequest } from '@ekbaar/sdk/protocol/admin';
import { Hono } from 'hono';
import type { Actor } from '../engine/actor.ts';
import type { Engine } from '../engine/engine.ts';
import { ProblemError } from '../problem.ts';
import type { Authenticate } from './auth.ts';
import { parsed, readJson } from './body.ts';
import type { Gate } from './gate.ts';
import { countQuery, malformedQuery } from './query.ts';
import type { ApiContext, ApiEnv } from './routes.ts';

/** The routes of operations, below `/v1/admin`. The tenant is always the token's. */
export function adminRoutes(
  engine: Engine,
  authenticate: Authenticate,
  gate: Gate,
  mayAdminister: (actor: Actor) => boolean,
): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ strict: false }).basePath('/v1/admin');
  const { admin } = engine;

  const operator = async (c: ApiContext): Promise<Actor> => {
    const { actor } = await authenticate(c.req.raw);
    if (!mayAdminister(actor)) throw new ProblemError('forbidden', `${actor.id} may not use the admin API`);
    return actor;
  };
  /** Answers with what `read` finds in the operator's tenant. Holds customers' data: no cache may keep it. */
  const reads = (read: (tenant: string, c: ApiContext) => Promise<object>) => async (c: ApiContext) => {
    const actor = await operator(c);
    c.header('Cache-Control', 'no-store');
    return c.json(await gate.admit(c.req.raw, { work: 'read', actor }, () => read(actor.tenant, c)));
  };

  app.get(
    '/dead-letters',
    reads((tenant, c) => admin.deadLetters(tenant, { ...page(c), name: textQuery(c, 'name') })),
  );
  app.get(
    '/receipts',
    reads((tenant, c) =>
      admin.receipts(tenant, {
        ...page(c),
        ...{ actor: textQuery(c, 'actor'), name: textQuery(c, 'name'), status: statusQuery(c) },
        ...{ from: momentQuery(c, 'from'), to: momentQuery(c, 'to') },
      }),
    ),
  );
  app.get(
    '/receipts/:key',
    reads((tenant, c) => admin.receipt(tenant, keyIn(c))),
  );
  app.get(
    '/audit',
    reads((tenant, c) => admin.audit(tenant, { ...page(c), subject: textQuery(c, 'subject')?.toLowerCase() })),
  );
  app.post('/dead-letters/:key/retry', async (c) => {
    const actor = await operator(c);
    const key = keyIn(c);
    return c.json(await gate.admit(c.req.raw, { work: 'push', actor }, () => admin.retry(actor, key)));
  });
  app.post('/dead-letters/:key/close', async (c) => {
    const actor = await operator(c);
    const key = keyIn(c);
    const { reason } = parsed(CloseRequest, await readJson(c.req.raw), 'body');
    return c.json(await gate.admit(c.req.raw, { work: 'push', actor }, () => admin.close(actor, key, reason)));
  });
  return app;
}

function page(c: ApiContext): { limit: number; cursor: string | undefined } {
  return { limit: countQuery(c, 'limit', 100, limits.rowsPerPage), cursor: c.req.query('cursor') || undefined };
}

/** A text that a database can compare with. */
function textQuery(c: ApiContext, name: string): string | undefined {
  const text = c.req.query(name);
  if (text?.includes('\0') === true) throw malformedQuery(name, 'text without NUL');
  return text;
}

function statusQuery(c: ApiContext): MutationStatus | undefined {
  const text = c.req.query('status');
  if (text === undefined) return undefined;
  const status = MutationStatus.safeParse(text);
  if (status.success) return status.data;
  throw malformedQuery('status', 'applied, rejected or dead');
}

function momentQuery(c: ApiContext, name: string): Date | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  if (Timestamp.safeParse(text).success) return new Date(text);
  throw malformedQuery(name, 'a moment, such as 2026-11-22T10:00:00+05:30 (its + sent as %2B)');
}

/** The key in the path. One that is no UUID was never a mutation's. */
function keyIn(c: ApiContext): string {
  const key = IdempotencyKey.safeParse(c.req.param('key'));
  if (key.success) return key.data.toLowerCase();
  throw new ProblemError('not_found', 'The key in the path is no UUID: no mutation has it');
}
