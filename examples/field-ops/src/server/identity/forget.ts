import type { Queryable } from '@ekbaar/server';
import { lt } from 'drizzle-orm';
import { identityAudit, resetCodes, sessions } from './tables.ts';
import { Tries } from './tries.ts';

const dayMs = 24 * 3_600_000;
/**
 * How long a session is kept after it could last have been renewed: a phone that was away for half a year still hears that it
 * was revoked, and not only that its token is unknown.
 */
const sessionDays = 120;
const codeDays = 1;

/**
 * Deletes what is kept of signing in and no longer needed: sessions and codes that are over, old tries, and what the audit has
 * of more than `auditDays` ago. Locks stay until somebody resets them. May be repeated at any time.
 *
 * @returns what was done, in words
 */
export async function forgetSignIns(db: Queryable, now: Date, auditDays: number): Promise<string> {
  const before = (days: number) => new Date(now.getTime() - days * dayMs);
  const ended = await db
    .delete(sessions)
    .where(lt(sessions.expiresAt, before(sessionDays)))
    .returning({ id: sessions.id });
  const codes = await db
    .delete(resetCodes)
    .where(lt(resetCodes.expiresAt, before(codeDays)))
    .returning({ accountId: resetCodes.accountId });
  const tries = await new Tries(db, () => now).sweep();
  const events = await db
    .delete(identityAudit)
    .where(lt(identityAudit.at, before(auditDays)))
    .returning({ id: identityAudit.id });
  return `forgot ${ended.length} sessions, ${codes.length} codes, ${tries} tries, ${events.length} events of the audit`;
}
