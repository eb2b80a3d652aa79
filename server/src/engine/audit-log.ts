import type { AuditEntry, AuditPage } from '@ekbaar/sdk/protocol/admin';
import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable, rowsOf } from '../db/database.ts';
import { isoMoment } from '../db/moment.ts';
import { decodePageCursor, encodePageCursor, foreignCursor } from './page-cursor.ts';
import type { ListRequest } from './recorded-receipts.ts';

/** What operations can do by hand. */
export type AuditAction = 'dead_letter.retried' | 'dead_letter.retry_failed' | 'dead_letter.closed';

/** Which entries; all of the tenant's without a subject. */
export interface AuditRequest extends ListRequest {
  /** A mutation's key. */
  readonly subject?: string | undefined;
}

/** `a` is the entry: a bare `id` would be sorted as the number that goes out, past every index. */
const columns = sql.raw(`a.id::float8 as id, ${isoMoment('at')} as at, actor, action, subject, details`);

/** Writes down what somebody did, in the transaction that did it. The engine's role can neither change nor remove it. */
export async function noteAudit(
  tx: Queryable,
  tenant: string,
  entry: { at: Date; actor: string; action: AuditAction; subject: string; details: Readonly<Record<string, unknown>> },
): Promise<void> {
  await tx.execute(
    sql`insert into sync.audit (tenant, at, actor, action, subject, details)
        values (${tenant}, ${entry.at.toISOString()}::timestamptz, ${entry.actor}, ${entry.action}, ${entry.subject}, ${jsonParameter(entry.details)})`,
  );
}

/** Everything that was done to one subject, the oldest first. */
export function auditOf(tx: Queryable, tenant: string, subject: string): Promise<AuditEntry[]> {
  return rowsOf<AuditEntry>(
    tx,
    sql`select ${columns} from sync.audit a where tenant = ${tenant} and subject = ${subject} order by a.id`,
  );
}

/** A page of what was done, the newest first. @throws ProblemError `malformed` for a cursor that is none */
export async function auditPage(
  tx: Queryable,
  tenant: string,
  { subject, limit, cursor }: AuditRequest,
): Promise<AuditPage> {
  const conditions = [sql`tenant = ${tenant}`];
  if (subject !== undefined) conditions.push(sql`subject = ${subject}`);
  if (cursor !== undefined) {
    const [, id] = decodePageCursor(cursor, 'audit');
    if (!/^\d{1,15}$/.test(id)) throw foreignCursor();
    conditions.push(sql`a.id < ${Number(id)}`);
  }
  const rows = await rowsOf<AuditEntry>(
    tx,
    sql`select ${columns} from sync.audit a where ${sql.join(conditions, sql` and `)} order by a.id desc limit ${limit + 1}`,
  );
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    entries: rows.slice(0, limit),
    next: last === undefined ? null : encodePageCursor('audit', null, String(last.id)),
  };
}
