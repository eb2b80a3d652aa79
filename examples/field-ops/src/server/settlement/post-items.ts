import { setTimeout as sleep } from 'node:timers/promises';
import { type Actor, type Engine, ProblemError, type Queryable } from '@ekbaar/server';
import { and, asc, eq, gt, notInArray, sql } from 'drizzle-orm';
import { type HeldRun, type Run, setRun, step } from './run-store.ts';
import { settlementItems } from './tables.ts';

/** Who the receipts say did it: always the same, since a key belongs to the actor that used it first. */
function settlementActor(tenant: string): Actor {
  return { tenant, id: 'settlement-worker', role: 'settlement', claims: {} };
}

const itemsPerStep = 200;
const atOnce = 8;
const tries = 5;
/** What the engine says to the same mutation whenever it is sent: it is of that one, and the others go on. */
const lasting: readonly string[] = ['key_reused', 'invalid_args'];

type Answer = Awaited<ReturnType<Engine['mutate']>>['outcome'];
type Item = Pick<typeof settlementItems.$inferSelect, 'disbursementId' | 'key' | 'bankRef' | 'bankPaise'>;

/**
 * Posts what is to be posted, through the engine, as any program does. Where a run is stopped between the engine's answer
 * and the note of it, the same is sent again under the same key, and the engine answers as before.
 */
export async function postItems(held: HeldRun, engine: Pick<Engine, 'mutate'>, clock: () => Date): Promise<void> {
  const { database, tenant, id } = held;
  const actor = settlementActor(tenant);
  for (let after = ''; ;) {
    const items = await database.db
      .select({
        disbursementId: settlementItems.disbursementId,
        key: settlementItems.key,
        bankRef: settlementItems.bankRef,
        bankPaise: settlementItems.bankPaise,
      })
      .from(settlementItems)
      .where(
        and(
          eq(settlementItems.tenant, tenant),
          eq(settlementItems.runId, id),
          eq(settlementItems.toPost, true),
          gt(settlementItems.disbursementId, after),
        ),
      )
      .orderBy(asc(settlementItems.disbursementId))
      .limit(itemsPerStep);
    if (items.length === 0) break;
    // One of them tells whether the run is still ours, before any is sent.
    await step(held, () => Promise.resolve());
    for (let from = 0; from < items.length; from += atOnce) {
      await Promise.all(items.slice(from, from + atOnce).map((item) => post(held, engine, actor, item, clock)));
    }
    after = items.at(-1)?.disbursementId ?? after;
  }
  // The books may say something else by now, of what was refused: it is sorted once more.
  await step(held, (tx, run) => setRun(tx, run, { state: 'matching' }));
}

/** Has a run ask again for what it was refused, under other keys: the engine's answer to a key stands. */
export async function forgetRefusals(tx: Queryable, { tenant, id }: Pick<Run, 'tenant' | 'id'>): Promise<void> {
  await tx
    .update(settlementItems)
    .set({ refusals: sql`${settlementItems.refusals} + 1`, postedAt: null, outcome: null })
    .where(
      and(
        eq(settlementItems.tenant, tenant),
        eq(settlementItems.runId, id),
        notInArray(settlementItems.outcome, ['reconciled', 'mismatch']),
      ),
    );
}

async function post(
  { database, tenant, id }: HeldRun,
  engine: Pick<Engine, 'mutate'>,
  actor: Actor,
  { disbursementId, key, bankRef, bankPaise }: Item,
  clock: () => Date,
): Promise<void> {
  if (key === null || bankRef === null || bankPaise === null) throw new Error(`${disbursementId} has nothing to post`);
  const args = { disbursementId, bankRef, amountPaise: bankPaise };
  const said = await patiently(() => engine.mutate(actor, { key, name: 'reconcileDisbursement', args })).then(
    ({ outcome }) => answerIn(outcome),
    (error: unknown) => {
      if (error instanceof ProblemError && lasting.includes(error.code)) return error.code;
      throw error;
    },
  );
  await database.db
    .update(settlementItems)
    .set({ outcome: said, postedAt: clock(), toPost: false })
    .where(
      and(
        eq(settlementItems.tenant, tenant),
        eq(settlementItems.runId, id),
        eq(settlementItems.disbursementId, disbursementId),
        eq(settlementItems.key, key),
      ),
    );
}

function answerIn(outcome: Answer): string {
  if (outcome.status === 'applied') return (outcome.result as { status: string }).status;
  return outcome.status === 'rejected' ? (outcome.error?.code ?? 'rejected') : 'dead';
}

/** Waits a little where the engine says that it will know better soon; the rest is up to whoever runs the run. */
async function patiently<T>(run: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await run();
    } catch (error) {
      const passing = error instanceof ProblemError && ['in_flight', 'overloaded', 'unavailable'].includes(error.code);
      if (!passing || tried === tries) throw error;
      await sleep(100 * 2 ** tried);
    }
  }
}
