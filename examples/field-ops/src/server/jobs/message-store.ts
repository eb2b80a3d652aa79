import type { Queryable } from '@ekbaar/server';
import { and, eq, inArray, lte, notInArray, type SQL, sql } from 'drizzle-orm';
import type { Answer } from './port.ts';
import type { MessageStatus } from '../../message-answers.ts';
import { outgoingAttempts, outgoingMessages } from './tables.ts';

export type OutgoingMessage = typeof outgoingMessages.$inferSelect;
/** What a message is, before anything was tried. */
export type MessageDraft = Pick<OutgoingMessage, 'tenant' | 'id' | 'channel' | 'recipient' | 'body'> &
  Partial<Pick<OutgoingMessage, 'cause' | 'deliveryId' | 'mfiId' | 'endpointId'>>;

type Id = Pick<OutgoingMessage, 'tenant' | 'id'>;

const own = ({ tenant, id }: Id) => and(eq(outgoingMessages.tenant, tenant), eq(outgoingMessages.id, id));

/** The row of a message, made now unless it is there. What is there stays: each try says the same. */
export async function openMessage(db: Queryable, draft: MessageDraft, now: Date): Promise<OutgoingMessage> {
  await db
    .insert(outgoingMessages)
    .values({ ...draft, createdAt: now, changedAt: now })
    .onConflictDoNothing();
  const found = await findMessage(db, draft);
  if (found === undefined) throw new Error(`The message ${draft.id} is not there after it was made`);
  return found;
}

export async function findMessage(db: Queryable, id: Id): Promise<OutgoingMessage | undefined> {
  const [found] = await db.select().from(outgoingMessages).where(own(id));
  return found;
}

/** When the first try began; undefined before there was one. */
export async function firstTriedAt(db: Queryable, { tenant, id }: Id): Promise<Date | undefined> {
  const [first] = await db
    .select({ at: outgoingAttempts.at })
    .from(outgoingAttempts)
    .where(and(eq(outgoingAttempts.tenant, tenant), eq(outgoingAttempts.messageId, id), eq(outgoingAttempts.no, 1)));
  return first?.at;
}

/**
 * Notes that a try begins, before it does.
 *
 * @returns its number; undefined when the message is settled meanwhile
 */
export async function beginAttempt(db: Queryable, id: Id, provider: string, now: Date): Promise<number | undefined> {
  return db.transaction(async (tx) => {
    const [begun] = await tx
      .update(outgoingMessages)
      .set({
        ...{ status: 'sending', provider, triedAt: now, changedAt: now },
        attempts: sql`${outgoingMessages.attempts} + 1`,
      })
      .where(and(own(id), inArray(outgoingMessages.status, ['waiting', 'sending'])))
      .returning({ no: outgoingMessages.attempts });
    if (begun === undefined) return undefined;
    await tx.insert(outgoingAttempts).values({ tenant: id.tenant, messageId: id.id, no: begun.no, at: now });
    return begun.no;
  });
}

/** Which statuses an outcome may change: that it was done is believed whenever it is heard, a no only of the last try. */
const changeable: Readonly<Record<'done' | 'other', readonly MessageStatus[]>> = {
  done: ['waiting', 'sending', 'refused', 'exhausted', 'unknown'],
  other: ['sending'],
};

/** Keeps what came of a try. */
export async function endAttempt(db: Queryable, id: Id, no: number, answer: Answer, now: Date): Promise<void> {
  const { outcome } = answer;
  const detail = 'detail' in answer ? answer.detail : undefined;
  await db.transaction(async (tx) => {
    const { httpStatus, request, answer: said } = answer;
    await tx
      .update(outgoingAttempts)
      .set({ outcome, detail, endedAt: now, httpStatus, request, answer: said })
      .where(
        and(eq(outgoingAttempts.tenant, id.tenant), eq(outgoingAttempts.messageId, id.id), eq(outgoingAttempts.no, no)),
      );
    if (outcome === 'done') {
      await tx
        .update(outgoingMessages)
        .set({
          ...{ status: 'sent', sentAt: now, changedAt: now, lastError: null },
          providerId: sql`coalesce(${answer.providerId ?? null}, ${outgoingMessages.providerId})`,
        })
        .where(and(own(id), inArray(outgoingMessages.status, [...changeable.done])));
      return;
    }
    // Nobody knows about `unknown`: it stays `sending`.
    const status = outcome === 'refused' ? 'refused' : outcome === 'retry' ? 'waiting' : 'sending';
    await tx
      .update(outgoingMessages)
      .set({ status, lastError: detail, changedAt: now })
      .where(and(own(id), inArray(outgoingMessages.status, [...changeable.other]), eq(outgoingMessages.attempts, no)));
  });
}

/**
 * Ends a message without another try.
 *
 * @param unchangedSince only if nothing has happened to it after that
 */
export async function endMessage(
  db: Queryable,
  id: Id,
  status: 'refused' | 'exhausted' | 'unknown' | 'skipped',
  lastError: string,
  now: Date,
  unchangedSince?: Date,
): Promise<void> {
  const asItWas = unchangedSince === undefined ? undefined : lte(outgoingMessages.changedAt, unchangedSince);
  await db
    .update(outgoingMessages)
    .set({ status, lastError, changedAt: now })
    .where(and(own(id), inArray(outgoingMessages.status, ['waiting', 'sending']), asItWas));
}

/** What a provider reports later. Reports come late, doubled and in any order: `delivered` stands, whatever comes after. */
export async function reportMessage(
  db: Queryable,
  tenant: string,
  by: { readonly id: string } | { readonly providerId: string; readonly channel: OutgoingMessage['channel'] },
  report: {
    readonly status: 'sent' | 'delivered' | 'undelivered';
    readonly providerId?: string;
    readonly failure?: string;
  },
  now: Date,
): Promise<boolean> {
  const lower: readonly MessageStatus[] = [
    ...(['waiting', 'sending', 'refused', 'exhausted', 'unknown'] as const),
    ...(report.status === 'sent' ? [] : (['sent'] as const)),
    ...(report.status === 'delivered' ? (['undelivered'] as const) : []),
  ];
  const which =
    'id' in by
      ? eq(outgoingMessages.id, by.id)
      : and(eq(outgoingMessages.providerId, by.providerId), eq(outgoingMessages.channel, by.channel));
  const changed = await db
    .update(outgoingMessages)
    .set({
      ...{ status: report.status, changedAt: now, lastError: report.failure ?? null },
      sentAt: sql`coalesce(${outgoingMessages.sentAt}, ${now.toISOString()}::timestamptz)`,
      providerId: sql`coalesce(${report.providerId ?? null}, ${outgoingMessages.providerId})`,
    })
    .where(and(eq(outgoingMessages.tenant, tenant), which, inArray(outgoingMessages.status, [...lower])))
    .returning({ id: outgoingMessages.id });
  if (changed.length > 0) return true;
  const known = await db
    .select({ id: outgoingMessages.id })
    .from(outgoingMessages)
    .where(and(eq(outgoingMessages.tenant, tenant), which))
    .limit(1);
  return known.length > 0;
}

/**
 * Makes a dead message ready to be tried again. Of money that was ever tried it is asked first: what was closed or refused
 * may be a try whose outcome was unknown. Anything else is sent again under its key: whoever retries has decided so.
 *
 * @returns the status that it has now; undefined when there is nothing to open
 */
export async function reopenMessage(db: Queryable, id: Id, now: Date): Promise<MessageStatus | undefined> {
  const { channel, attempts } = outgoingMessages;
  const [open] = await db
    .update(outgoingMessages)
    .set({
      status: sql`case when ${channel} = 'payout' and ${attempts} > 0 then 'sending' else 'waiting' end`,
      ...{ changedAt: now, closedBy: null },
    })
    .where(and(own(id), notInArray(outgoingMessages.status, ['sent', 'delivered', 'undelivered'])))
    .returning({ status: outgoingMessages.status });
  return open?.status;
}

/** Makes webhooks ready to be sent once more, those that arrived too: the receiver knows them by their id. */
export async function reopenWebhooks(
  db: Queryable,
  tenant: string,
  which: SQL | undefined,
  now: Date,
): Promise<string[]> {
  const open = await db
    .update(outgoingMessages)
    .set({ status: 'waiting', changedAt: now, closedBy: null })
    .where(and(eq(outgoingMessages.tenant, tenant), eq(outgoingMessages.channel, 'webhook'), which))
    .returning({ id: outgoingMessages.id });
  return open.map(({ id }) => id);
}

export async function closeMessage(db: Queryable, id: Id, by: string, reason: string, now: Date): Promise<boolean> {
  const closed = await db
    .update(outgoingMessages)
    .set({ status: 'closed', closedBy: by, lastError: reason, changedAt: now })
    .where(
      and(
        own(id),
        inArray(outgoingMessages.status, ['waiting', 'sending', 'refused', 'exhausted', 'unknown', 'skipped']),
      ),
    )
    .returning({ id: outgoingMessages.id });
  return closed.length > 0;
}
