import type { Database, Queryable } from '@ekbaar/server';
import { and, eq, sql } from 'drizzle-orm';
import { settlementRuns } from './tables.ts';

export type Run = typeof settlementRuns.$inferSelect;

/** Somebody else has taken the run over, or ops have: whoever hears this stops, and has nothing to undo. */
export class Replaced extends Error {
  override readonly name = 'Replaced';
}

/** A run as whoever works on it has it. */
export interface HeldRun {
  readonly database: Database;
  readonly tenant: string;
  readonly id: string;
  readonly attempt: number;
}

export async function findRun(db: Queryable, tenant: string, id: string): Promise<Run | undefined> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return undefined;
  const [run] = await db.select().from(settlementRuns).where(whichRun(tenant, id));
  return run;
}

/** Takes a run over from whoever had it. @returns undefined when there is none */
export async function takeRun(db: Queryable, tenant: string, id: string): Promise<Run | undefined> {
  const [run] = await db
    .update(settlementRuns)
    .set({ attempt: sql`${settlementRuns.attempt} + 1` })
    .where(whichRun(tenant, id))
    .returning();
  return run;
}

/**
 * Does a step of a run: in one transaction that nobody else's step comes between, and only by whoever holds the run. What a
 * step does is there whole or not at all, so a run can be taken up again after any of them.
 *
 * @throws Replaced
 */
export function step<T>(held: HeldRun, body: (tx: Queryable, run: Run) => Promise<T>): Promise<T> {
  return held.database.db.transaction((tx) => whileHeld(held, tx, body));
}

/** The same, and everything that the step reads is of one moment. */
export function stepInSnapshot<T>(held: HeldRun, body: (tx: Queryable, run: Run) => Promise<T>): Promise<T> {
  return held.database.db.transaction((tx) => whileHeld(held, tx, body), { isolationLevel: 'repeatable read' });
}

async function whileHeld<T>(
  { tenant, id, attempt }: HeldRun,
  tx: Queryable,
  body: (tx: Queryable, run: Run) => Promise<T>,
): Promise<T> {
  const [run] = await tx.select().from(settlementRuns).where(whichRun(tenant, id)).for('update');
  if (run?.attempt !== attempt) throw new Replaced(`The run ${id} has been taken over`);
  return body(tx, run);
}

export async function setRun(tx: Queryable, run: Pick<Run, 'tenant' | 'id'>, change: Partial<Run>): Promise<void> {
  await tx.update(settlementRuns).set(change).where(whichRun(run.tenant, run.id));
}

function whichRun(tenant: string, id: string) {
  return and(eq(settlementRuns.tenant, tenant), eq(settlementRuns.id, id));
}
