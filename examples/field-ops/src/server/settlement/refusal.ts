import { type SQL, sql } from 'drizzle-orm';

/**
 * What the engine answered instead of doing what the bank's line says: the code it refused with, `dead`, or `mismatch`
 * where the line has our amount by now. Null where the books have it, or where nothing was asked. Whatever has one waits
 * for somebody.
 */
export function refusalIn(outcome: SQL, group: SQL): SQL<string | null> {
  // Refused as reconciled before and still no second payment: another file that tells of the same payment was faster.
  return sql`case when ${outcome} in ('reconciled', 'already_reconciled') or (${outcome} = 'mismatch' and ${group} = 'mismatched')
    then null else ${outcome} end`;
}
