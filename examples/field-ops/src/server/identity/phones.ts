import { randomBytes } from 'node:crypto';
import { ProblemError, type Queryable } from '@ekbaar/server';
import { and, asc, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import type { PhoneReport } from './requests.ts';
import { phones } from './tables.ts';

const mostClientIds = 20;
const pageSize = 200;

/** @throws ProblemError `forbidden` when the phone was revoked, whoever signs in on it */
export async function checkPhone(db: Queryable, tenant: string, id: string): Promise<void> {
  const [revoked] = await db
    .select({ at: phones.revokedAt })
    .from(phones)
    .where(and(eq(phones.tenant, tenant), eq(phones.id, id), isNotNull(phones.revokedAt)))
    .limit(1);
  if (revoked !== undefined)
    throw new ProblemError('forbidden', 'The office has blocked this phone', {
      issues: [{ path: 'phone', message: 'revoked' }],
    });
}

/** Notes what a phone says of itself. @returns what opens its data key */
export async function seePhone(
  db: Queryable,
  now: Date,
  { tenant, accountId, report }: { tenant: string; accountId: string; report: PhoneReport },
): Promise<{ escrowKey: string }> {
  const { id, name, clientId, unsent, model, clockErrorMs } = report;
  const own = and(eq(phones.tenant, tenant), eq(phones.id, id), eq(phones.accountId, accountId));
  const said = { lastSeenAt: now, unsent, model, clockErrorMs };
  await db
    .insert(phones)
    .values({
      ...{ tenant, id, accountId, firstSeenAt: now, ...said },
      ...{ name: name ?? 'Phone', clientIds: [], escrowKey: randomBytes(32).toString('base64url') },
    })
    .onConflictDoNothing();
  const [known] = await db.select().from(phones).where(own);
  const before = known?.clientIds ?? [];
  const clientIds =
    clientId === undefined || before.at(-1) === clientId
      ? before
      : [...before.filter((other) => other !== clientId), clientId].slice(-mostClientIds);
  await db
    .update(phones)
    // What is not said now stays as it was said before.
    .set({ ...said, clientIds, ...(name === undefined ? {} : { name }) })
    .where(own);
  return { escrowKey: known?.escrowKey ?? '' };
}

/** @returns how many accounts have used it; 0: there is no such phone, or nothing to change */
export async function revokePhone(
  db: Queryable,
  now: Date,
  { tenant, id, by, why }: { tenant: string; id: string; by: string; why: string },
): Promise<number> {
  const changed = await db
    .update(phones)
    .set({ revokedAt: now, revokedBy: by, revokedWhy: why })
    .where(and(eq(phones.tenant, tenant), eq(phones.id, id), isNull(phones.revokedAt)))
    .returning({ id: phones.id });
  return changed.length;
}

export async function restorePhone(db: Queryable, tenant: string, id: string): Promise<number> {
  const changed = await db
    .update(phones)
    .set({ revokedAt: null, revokedBy: null, revokedWhy: null })
    .where(and(eq(phones.tenant, tenant), eq(phones.id, id), isNotNull(phones.revokedAt)))
    .returning({ id: phones.id });
  return changed.length;
}

/** By account. What opens a phone's data key is not shown. */
export async function phonePage(db: Queryable, tenant: string, after: string | undefined, accountId?: string) {
  const [id, account] = after?.split('~') ?? [];
  const rows = await db
    .select()
    .from(phones)
    .where(
      and(
        eq(phones.tenant, tenant),
        id === undefined || account === undefined
          ? undefined
          : sql`(${phones.id}, ${phones.accountId}) > (${id}, ${account})`,
        accountId === undefined ? undefined : eq(phones.accountId, accountId),
      ),
    )
    .orderBy(asc(phones.id), asc(phones.accountId))
    .limit(pageSize);
  const last = rows.length === pageSize ? rows.at(-1) : undefined;
  return {
    phones: rows.map(({ tenant: _, escrowKey: __, ...phone }) => phone),
    next: last === undefined ? null : `${last.id}~${last.accountId}`,
  };
}
