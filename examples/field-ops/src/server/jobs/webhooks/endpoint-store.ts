import { randomBytes, randomUUID } from 'node:crypto';
import type { Queryable } from '@ekbaar/server';
import { and, eq, gt, isNull, or, sql } from 'drizzle-orm';
import { webhookEndpoints, webhookSecrets } from '../tables.ts';

export type WebhookEndpoint = typeof webhookEndpoints.$inferSelect;

type Id = Pick<WebhookEndpoint, 'tenant' | 'id'>;
const own = ({ tenant, id }: Id) => and(eq(webhookEndpoints.tenant, tenant), eq(webhookEndpoints.id, id));

/** As the Standard Webhooks specification asks for: 24 to 64 random bytes. */
const secretBytes = 32;

export async function findEndpoint(db: Queryable, id: Id): Promise<WebhookEndpoint | undefined> {
  const [found] = await db.select().from(webhookEndpoints).where(own(id));
  return found;
}

export function listEndpoints(db: Queryable, tenant: string): Promise<WebhookEndpoint[]> {
  return db
    .select()
    .from(webhookEndpoints)
    .where(eq(webhookEndpoints.tenant, tenant))
    .orderBy(webhookEndpoints.mfiId, webhookEndpoints.id);
}

/** Endpoints of an MFI that want to hear of events of a type. */
export async function endpointsFor(
  db: Queryable,
  tenant: string,
  mfiId: string,
  type: string,
): Promise<WebhookEndpoint[]> {
  const all = await db
    .select()
    .from(webhookEndpoints)
    .where(
      and(eq(webhookEndpoints.tenant, tenant), eq(webhookEndpoints.mfiId, mfiId), eq(webhookEndpoints.enabled, true)),
    );
  return all.filter(({ events }) => events.length === 0 || events.includes(type));
}

/** @returns the endpoint and its secret, which is not shown again */
export async function addEndpoint(
  db: Queryable,
  given: Pick<WebhookEndpoint, 'tenant' | 'mfiId' | 'url' | 'events' | 'description'>,
  now: Date,
): Promise<{ endpoint: WebhookEndpoint; secret: string }> {
  const id = randomUUID();
  return db.transaction(async (tx) => {
    const [endpoint] = await tx
      .insert(webhookEndpoints)
      .values({ ...given, id, createdAt: now, changedAt: now })
      .returning();
    if (endpoint === undefined) throw new Error('The endpoint is not there after it was made');
    return { endpoint, secret: await addSecret(tx, endpoint, now) };
  });
}

export async function changeEndpoint(
  db: Queryable,
  id: Id,
  change: Partial<Pick<WebhookEndpoint, 'url' | 'events' | 'description' | 'enabled'>>,
  now: Date,
): Promise<WebhookEndpoint | undefined> {
  const [changed] = await db
    .update(webhookEndpoints)
    .set({
      ...{ ...change, changedAt: now },
      // Whoever enables it again, or moves it, gives it a new start.
      ...(change.enabled === true || change.url !== undefined ? { failingSince: null, disabledReason: null } : {}),
    })
    .where(own(id))
    .returning();
  return changed;
}

export async function removeEndpoint(db: Queryable, id: Id): Promise<boolean> {
  return db.transaction(async (tx) => {
    await tx
      .delete(webhookSecrets)
      .where(and(eq(webhookSecrets.tenant, id.tenant), eq(webhookSecrets.endpointId, id.id)));
    return (await tx.delete(webhookEndpoints).where(own(id)).returning({ id: webhookEndpoints.id })).length > 0;
  });
}

/**
 * Gives an endpoint a new secret. The old ones sign along until `until`, so that the receiver can change over when it likes.
 *
 * @returns the new secret, which is not shown again; undefined when there is no such endpoint
 */
export async function rotateSecret(db: Queryable, id: Id, until: Date, now: Date): Promise<string | undefined> {
  return db.transaction(async (tx) => {
    const [endpoint] = await tx.select().from(webhookEndpoints).where(own(id)).for('update');
    if (endpoint === undefined) return undefined;
    await tx
      .update(webhookSecrets)
      .set({
        expiresAt: sql`least(coalesce(${webhookSecrets.expiresAt}, 'infinity'), ${until.toISOString()}::timestamptz)`,
      })
      .where(and(eq(webhookSecrets.tenant, id.tenant), eq(webhookSecrets.endpointId, id.id)));
    return addSecret(tx, endpoint, now);
  });
}

async function addSecret(db: Queryable, { tenant, id: endpointId }: Id, now: Date): Promise<string> {
  const secret = `whsec_${randomBytes(secretBytes).toString('base64')}`;
  await db.insert(webhookSecrets).values({ tenant, endpointId, id: randomUUID(), secret, createdAt: now });
  return secret;
}

/** The secrets that sign now, the newest first. */
export async function signingSecrets(db: Queryable, { tenant, id }: Id, now: Date): Promise<string[]> {
  const secrets = await db
    .select({ secret: webhookSecrets.secret })
    .from(webhookSecrets)
    .where(
      and(
        ...[eq(webhookSecrets.tenant, tenant), eq(webhookSecrets.endpointId, id)],
        or(isNull(webhookSecrets.expiresAt), gt(webhookSecrets.expiresAt, now)),
      ),
    )
    .orderBy(sql`${webhookSecrets.createdAt} desc`);
  return secrets.map(({ secret }) => secret);
}

/** After so long without a single success an endpoint is not called any more. */
const longestFailureMs = 5 * 24 * 60 * 60_000;

/** Notes how a try ended, and gives up on an endpoint that has failed for days, or that says it is gone. */
export async function noteEndpoint(db: Queryable, id: Id, how: 'worked' | 'failed' | 'gone', now: Date): Promise<void> {
  if (how === 'worked') {
    await db
      .update(webhookEndpoints)
      .set({ failingSince: null })
      .where(and(own(id), sql`${webhookEndpoints.failingSince} is not null`));
    return;
  }
  const since = new Date(now.getTime() - longestFailureMs).toISOString();
  const over = how === 'gone' ? sql`true` : sql`${webhookEndpoints.failingSince} < ${since}::timestamptz`;
  const reason = how === 'gone' ? 'it answered 410: it is no more' : 'every try has failed for 5 days';
  await db
    .update(webhookEndpoints)
    .set({
      failingSince: sql`coalesce(${webhookEndpoints.failingSince}, ${now.toISOString()}::timestamptz)`,
      enabled: sql`${webhookEndpoints.enabled} and not coalesce(${over}, false)`,
      disabledReason: sql`case when ${webhookEndpoints.enabled} and coalesce(${over}, false) then ${reason} else ${webhookEndpoints.disabledReason} end`,
    })
    .where(own(id));
}
