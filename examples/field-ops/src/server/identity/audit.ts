import type { Queryable } from '@ekbaar/server';
import { and, desc, eq, sql } from 'drizzle-orm';
import { identityAudit } from './tables.ts';

/** What happened; the list is the documentation. */
export type IdentityEvent =
  | 'signed_in'
  | 'refused'
  | 'locked'
  | 'signed_out'
  | 'token_reused'
  | 'phone_refused'
  | 'reset_requested'
  | 'code_issued'
  | 'secret_reset'
  | 'secret_changed'
  | 'account_created'
  | 'account_changed'
  | 'sessions_revoked'
  | 'phone_revoked'
  | 'phone_restored';

/** Where a request came from. */
export interface From {
  readonly address: string;
}

export interface AuditEntry {
  readonly tenant: string;
  readonly event: IdentityEvent;
  readonly actor?: string | undefined;
  readonly subject: string;
  readonly phoneId?: string | undefined;
  readonly detail?: string | undefined;
}

export async function note(db: Queryable, at: Date, { address }: From, entry: AuditEntry): Promise<void> {
  await db.insert(identityAudit).values({ id: crypto.randomUUID(), at, address, ...entry });
}

const pageSize = 100;

/** The newest first. @param before `next` of the page before */
export async function auditPage(
  db: Queryable,
  tenant: string,
  { before, subject }: { before?: string | undefined; subject?: string | undefined },
) {
  const t = identityAudit;
  const [at, id] = before?.split('~') ?? [];
  const rows = await db
    .select()
    .from(t)
    .where(
      and(
        eq(t.tenant, tenant),
        subject === undefined ? undefined : eq(t.subject, subject),
        at === undefined || id === undefined ? undefined : sql`(${t.at}, ${t.id}) < (${at}::timestamptz, ${id}::uuid)`,
      ),
    )
    .orderBy(desc(t.at), desc(t.id))
    .limit(pageSize);
  const last = rows.length === pageSize ? rows.at(-1) : undefined;
  return {
    entries: rows.map(({ tenant: _, ...entry }) => entry),
    next: last === undefined ? null : `${last.at.toISOString()}~${last.id}`,
  };
}
