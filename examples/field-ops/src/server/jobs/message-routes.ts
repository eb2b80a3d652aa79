import { type Database, ProblemError, reading } from '@ekbaar/server';
import { and, asc, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { channels, Messages, MessageWithAttempts, messageStatuses } from '../../message-answers.ts';
import { enqueue } from './enqueue.ts';
import { findMessage, type OutgoingMessage, reopenMessage } from './message-store.ts';
import type { OpsBoss } from './ops-boss.ts';
import { type OpsApp, opsRoute, pageEnd, PageLimit, pageStart } from './ops-route.ts';
import { isUuid } from '../values.ts';
import { maskedNumber } from './phone-number.ts';
import { outgoingAttempts, outgoingMessages } from './tables.ts';

const Id = z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[^\0]*$/));

/** What was sent to whom, and how it went: `/api/v1/messages`. */
export function messageRoutes(ops: OpsApp, database: Database, bosses: OpsBoss, clock: () => Date): void {
  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/messages',
    summary: 'Messages to customers, MFIs and banks, the newest first',
    query: z.object({
      ...{ channel: z.optional(z.enum(channels)), status: z.optional(z.enum(messageStatuses)) },
      ...{ delivery: z.optional(Id), endpoint: z.optional(z.uuid()), mfi: z.optional(Id) },
      ...{ limit: PageLimit, cursor: z.optional(z.string()) },
    }),
    answer: Messages,
    async run({ actor: { tenant }, query: { channel, status, delivery, endpoint, mfi, limit, cursor } }) {
      const after = pageStart(cursor);
      const t = outgoingMessages;
      const rows = await reading(database, tenant, (tx) =>
        tx
          .select()
          .from(t)
          .where(
            and(
              eq(t.tenant, tenant),
              channel === undefined ? undefined : eq(t.channel, channel),
              status === undefined ? undefined : eq(t.status, status),
              delivery === undefined ? undefined : eq(t.deliveryId, delivery),
              endpoint === undefined ? undefined : eq(t.endpointId, endpoint),
              mfi === undefined ? undefined : eq(t.mfiId, mfi),
              after === undefined
                ? undefined
                : sql`(${t.createdAt}, ${t.id}) < (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`,
            ),
          )
          .orderBy(desc(t.createdAt), desc(t.id))
          .limit(limit),
      );
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { messages: rows.map(shown), next: last === undefined ? null : pageEnd(last.createdAt, last.id) };
    },
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/messages/:id',
    summary: 'A message, and every try to send it',
    answer: MessageWithAttempts,
    async run({ actor: { tenant }, path: { id = '' } }) {
      const { message, attempts } = await reading(database, tenant, async (tx) => ({
        message: isUuid(id) ? await findMessage(tx, { tenant, id }) : undefined,
        attempts: isUuid(id)
          ? await tx
              .select()
              .from(outgoingAttempts)
              .where(and(eq(outgoingAttempts.tenant, tenant), eq(outgoingAttempts.messageId, id)))
              .orderBy(asc(outgoingAttempts.no))
          : [],
      }));
      if (message === undefined) throw noMessage(id);
      return {
        message: shown(message),
        attempts: attempts.map((attempt) => ({
          ...attempt,
          ...{ at: attempt.at.toISOString(), endedAt: attempt.endedAt?.toISOString() ?? null },
        })),
      };
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/messages/:id/send',
    summary: 'Sends a message that was skipped or closed after all; a dead one is retried as a dead letter',
    answer: z.object({ id: z.string(), status: z.enum(messageStatuses) }),
    status: 202,
    async run({ actor: { tenant }, path: { id = '' } }) {
      const boss = await bosses.boss();
      const sent = await database.db.transaction(async (tx) => {
        if (!isUuid(id)) return undefined;
        const [message] = await tx
          .select()
          .from(outgoingMessages)
          .where(
            and(
              ...[eq(outgoingMessages.tenant, tenant), eq(outgoingMessages.id, id)],
              inArray(outgoingMessages.status, ['skipped', 'closed']),
              // A code that was sent is not written down, and cannot be sent again.
              isNotNull(outgoingMessages.deliveryId),
            ),
          )
          .for('update');
        const job = message === undefined ? undefined : jobOf(message);
        if (job === undefined) return undefined;
        const status = await reopenMessage(tx, { tenant, id }, clock());
        if (status !== undefined) await enqueue(boss, tx, job.queue, [{ data: job.data }]);
        return status;
      });
      if (sent === undefined) throw noMessage(id);
      return { id, status: sent };
    },
  });
}

/** The job that sends a message again. One that says what it said before needs no more than its row and its cause. */
function jobOf(message: OutgoingMessage) {
  const { tenant, id, channel, cause } = message;
  // What it says is not written down: a new one can be asked for.
  if (channel === 'email') return undefined;
  if (channel === 'webhook') return { queue: 'webhook' as const, data: { tenant, messageId: id } };
  if (channel === 'payout') return { queue: 'payment' as const, data: { tenant, key: cause ?? id, payoutId: id } };
  return { queue: channel, data: { tenant, messageId: id } };
}

function shown(row: OutgoingMessage) {
  const { recipient, createdAt, changedAt, sentAt, channel } = row;
  return {
    ...row,
    to: channel === 'webhook' ? recipient : maskedNumber(recipient),
    ...{ createdAt: createdAt.toISOString(), changedAt: changedAt.toISOString() },
    sentAt: sentAt?.toISOString() ?? null,
  };
}

function noMessage(id: string): ProblemError {
  return new ProblemError('not_found', `There is no such message ${id.slice(0, 40)}`);
}
