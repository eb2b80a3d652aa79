import { type Database, ProblemError, type Queryable, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { refusalIn } from './refusal.ts';
import { findRun } from './run-store.ts';
import { settlementDecisions, settlementItems } from './tables.ts';

export type Decision = typeof settlementDecisions.$inferSelect;

export interface DecisionRequest {
  readonly tenant: string;
  readonly runId: string;
  readonly disbursementId: string;
  readonly decision: Decision['decision'];
  readonly reason: string;
  readonly by: string;
  /** How many decisions whoever decides has seen: somebody else's may have come between. */
  readonly seen: number;
}

/**
 * Notes what somebody decided about a disbursement that does not fit the bank's file. It changes neither the books nor the
 * bank's word: an accepted one leaves the list of what is open until a run finds something else about it, a contested one
 * stays on it, marked, until a later file settles it.
 *
 * @throws ProblemError `not_found`; `malformed` when it fits, or when somebody else has decided meanwhile
 */
export function decide(database: Database, request: DecisionRequest, now: Date): Promise<Decision> {
  const { tenant, runId, disbursementId, decision, reason, by, seen } = request;
  return database.db.transaction(async (tx) => {
    if ((await findRun(tx, tenant, runId)) === undefined) throw new ProblemError('not_found', 'There is no such run');
    const [found] = await tx
      .select({
        item: settlementItems,
        refusal: refusalIn(sql`${settlementItems.outcome}`, sql`${settlementItems.group}`),
      })
      .from(settlementItems)
      .where(
        sql`${settlementItems.tenant} = ${tenant} and ${settlementItems.runId} = ${runId} and ${settlementItems.disbursementId} = ${disbursementId}`,
      )
      // Two people decide one after the other.
      .for('update');
    if (found === undefined) throw new ProblemError('not_found', 'The run found nothing about this disbursement');
    const { item, refusal } = found;
    if (item.group === 'matched' && item.extraPaise === 0 && refusal === null)
      throw refused('the disbursement fits: there is nothing to decide');
    const count = await countOf(tx, tenant, disbursementId);
    if (count !== seen) throw refused(`${count} decisions are there by now, and you have seen ${seen}: look again`);
    const { group, bankRef, ourPaise, bankPaise, extraPaise, returnedPaise } = item;
    const [made] = await tx
      .insert(settlementDecisions)
      .values({
        ...{ tenant, disbursementId, no: count + 1, runId, group, bankRef, refusal },
        ...{ ourPaise, bankPaise, extraPaise, returnedPaise },
        ...{ decision, reason, decidedBy: by, decidedAt: now },
      })
      .onConflictDoNothing()
      .returning();
    if (made === undefined) throw refused('somebody else has decided at this moment: look again');
    return made;
  });
}

async function countOf(tx: Queryable, tenant: string, disbursementId: string): Promise<number> {
  const [row] = await rowsOf<{ count: string }>(
    tx,
    sql`select count(*) as count from ${settlementDecisions} where tenant = ${tenant} and disbursement_id = ${disbursementId}`,
  );
  return Number(row?.count ?? 0);
}

function refused(why: string): ProblemError {
  return new ProblemError('malformed', `Not decided: ${why}`, { issues: [{ path: '', message: why }] });
}
