import { type Database, ProblemError } from '@ekbaar/server';
import { and, eq, gte, inArray, lt, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { Endpoint, Endpoints, NewEndpoint, NewSecret, Replayed } from '../../../message-answers.ts';
import { mfis } from '../../operators.ts';
import { AddressGuard, AddressRefused } from '../address-guard.ts';
import { deliveryConfirmed } from '../consumers/partner-event.ts';
import { enqueue } from '../enqueue.ts';
import { reopenWebhooks } from '../message-store.ts';
import type { OpsBoss } from '../ops-boss.ts';
import { type OpsApp, opsRoute, pageEnd, pageStart } from '../ops-route.ts';
import { isUuid, Moment } from '../../values.ts';
import { outgoingMessages } from '../tables.ts';
import {
  addEndpoint,
  changeEndpoint,
  findEndpoint,
  listEndpoints,
  removeEndpoint,
  rotateSecret,
  type WebhookEndpoint,
} from './endpoint-store.ts';

const Url = z.url().check(z.maxLength(1000));
const Events = z.array(z.enum([deliveryConfirmed])).check(z.maxLength(20));
const Description = z.string().check(z.maxLength(200), z.regex(/^[^\0]*$/));
/** Longer than a receiver needs to change over, shorter than a leaked secret may live. */
const longestOverlapHours = 24 * 7;
/** Of one replay; with its `next` another one goes on where it ended. */
const mostReplayed = 1000;

/** Where MFIs hear of events: `/api/v1/webhooks`. */
export function endpointRoutes(
  ops: OpsApp,
  database: Database,
  bosses: OpsBoss,
  { clock, allowedAddresses }: { readonly clock: () => Date; readonly allowedAddresses: readonly string[] },
): void {
  const { db } = database;
  const guard = new AddressGuard(allowedAddresses);
  const endpointOf = (tenant: string, path: Readonly<Record<string, string>>) => {
    const { id = '' } = path;
    if (!isUuid(id)) throw noEndpoint(id);
    return { tenant, id };
  };
  /** The same question is asked at each call: a name may lead elsewhere by then. */
  const mayBeCalled = async (url: string) => {
    try {
      await guard.check(new URL(url));
    } catch (error) {
      const message = error instanceof AddressRefused ? error.message : 'the name has no address';
      throw new ProblemError('malformed', `The URL cannot be called: ${message}`, {
        issues: [{ path: 'url', message }],
      });
    }
  };

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/webhooks/endpoints',
    summary: 'Where MFIs hear of events',
    answer: Endpoints,
    run: async ({ actor: { tenant } }) => ({ endpoints: (await listEndpoints(db, tenant)).map(shown) }),
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/webhooks/endpoints',
    summary: 'Adds an endpoint; its secret is shown this once',
    body: z.object({
      ...{ mfiId: z.enum(mfis), url: Url, events: z._default(Events, []), description: z._default(Description, '') },
    }),
    answer: NewEndpoint,
    status: 201,
    async run({ actor: { tenant }, body }) {
      await mayBeCalled(body.url);
      const { endpoint, secret } = await addEndpoint(db, { tenant, ...body }, clock());
      return { endpoint: shown(endpoint), secret };
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/webhooks/endpoints/:id/change',
    summary: 'Changes an endpoint, or switches it on or off',
    body: z.object({
      ...{
        url: z.optional(Url),
        events: z.optional(Events),
        description: z.optional(Description),
        enabled: z.optional(z.boolean()),
      },
    }),
    answer: Endpoint,
    async run({ actor: { tenant }, path, body }) {
      if (body.url !== undefined) await mayBeCalled(body.url);
      const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
      const changed = await changeEndpoint(db, endpointOf(tenant, path), given, clock());
      if (changed === undefined) throw noEndpoint(path['id']);
      return shown(changed);
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/webhooks/endpoints/:id/remove',
    summary: 'Removes an endpoint; what was not delivered to it becomes dead letters',
    answer: z.object({ id: z.string() }),
    async run({ actor: { tenant }, path }) {
      const endpoint = endpointOf(tenant, path);
      if (!(await removeEndpoint(db, endpoint))) throw noEndpoint(endpoint.id);
      return { id: endpoint.id };
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/webhooks/endpoints/:id/secrets',
    summary: 'Gives an endpoint a new secret, shown this once; the old one signs along for the overlap',
    body: z.object({
      overlapHours: z._default(z.number().check(z.nonnegative(), z.maximum(longestOverlapHours)), 24),
    }),
    answer: NewSecret,
    status: 201,
    async run({ actor: { tenant }, path, body: { overlapHours } }) {
      const now = clock();
      const until = new Date(now.getTime() + overlapHours * 60 * 60_000);
      const secret = await rotateSecret(db, endpointOf(tenant, path), until, now);
      if (secret === undefined) throw noEndpoint(path['id']);
      return { secret, oldUntil: until.toISOString() };
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/webhooks/endpoints/:id/replay',
    summary: `Sends events once more, by their ids or those of a span of time, with their former ids; at most ${mostReplayed} in one go, the oldest first: go on with \`next\` as \`cursor\``,
    body: z.object({
      ...{ messages: z.optional(z.array(z.uuid()).check(z.minLength(1), z.maxLength(200))) },
      ...{ from: z.optional(Moment), to: z.optional(Moment), cursor: z.optional(z.string()) },
    }),
    answer: Replayed,
    status: 202,
    async run({ actor: { tenant }, path, body }) {
      const endpoint = endpointOf(tenant, path);
      if (body.messages === undefined && body.from === undefined)
        throw new ProblemError('malformed', 'Say which: messages, or from and to', {
          issues: [{ path: 'from', message: 'missing' }],
        });
      const after = pageStart(body.cursor);
      const found = await findEndpoint(db, endpoint);
      if (found === undefined) throw noEndpoint(endpoint.id);
      const boss = await bosses.boss();
      const t = outgoingMessages;
      return db.transaction(async (tx) => {
        const chosen = await tx
          .select({ id: t.id, createdAt: t.createdAt })
          .from(t)
          .where(
            and(
              ...[eq(t.tenant, tenant), eq(t.channel, 'webhook'), eq(t.endpointId, endpoint.id)],
              // One that waits is on its way already.
              inArray(t.status, ['sent', 'delivered', 'undelivered', 'refused', 'exhausted', 'unknown', 'closed']),
              body.messages === undefined ? undefined : inArray(t.id, body.messages),
              body.from === undefined ? undefined : gte(t.createdAt, new Date(body.from)),
              body.to === undefined ? undefined : lt(t.createdAt, new Date(body.to)),
              // What was replayed before this looks like what was not.
              after === undefined
                ? undefined
                : sql`(${t.createdAt}, ${t.id}) > (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`,
            ),
          )
          .orderBy(t.createdAt, t.id)
          .limit(mostReplayed)
          .for('update');
        const ids = chosen.map(({ id }) => id);
        if (ids.length === 0) return { replayed: 0, more: false, next: null };
        const open = await reopenWebhooks(tx, tenant, inArray(t.id, ids), clock());
        const jobs = open.map((messageId) => ({ data: { tenant, messageId } }));
        await enqueue(boss, tx, 'webhook', jobs);
        const last = ids.length === mostReplayed ? chosen.at(-1) : undefined;
        const next = last === undefined ? null : pageEnd(last.createdAt, last.id);
        return { replayed: open.length, more: next !== null, next };
      });
    },
  });
}

function shown(row: WebhookEndpoint) {
  return {
    ...row,
    ...{ failingSince: row.failingSince?.toISOString() ?? null },
    ...{ createdAt: row.createdAt.toISOString(), changedAt: row.changedAt.toISOString() },
  };
}

function noEndpoint(id = ''): ProblemError {
  return new ProblemError('not_found', `There is no endpoint ${id.slice(0, 40)}`);
}
