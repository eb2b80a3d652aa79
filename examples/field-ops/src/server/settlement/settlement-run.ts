/**
 * Settlement: compares what the operator paid out with what the bank says it paid.
 *
 *   bank-file/         reads the bank's file as it is: encodings, separators, headers, amounts, days
 *   receive-file.ts    keeps the file and makes a run of it, once by its hash
 *   read-lines.ts      file → lines
 *   references.ts      how a line names a disbursement
 *   match-lines.ts     lines → groups, disbursements → groups
 *   post-items.ts      posts `reconcileDisbursement` through the engine
 *   refusal.ts         which of its answers wait for somebody
 *   summary.ts         the numbers, and whether they add up
 *   decisions.ts       what people decide about what does not fit
 *   routes.ts, report.ts  what ops see
 *
 * A run goes through the states of `tables.ts`. Each step of it is a transaction that only the run's newest holder may do,
 * so a run can be stopped anywhere and done again, by as many as like to.
 */
import type { Database, Engine, Log, Queryable } from '@ekbaar/server';
import { findDisbursements, sortIntoGroups } from './match-lines.ts';
import { forgetRefusals, postItems } from './post-items.ts';
import { readLines } from './read-lines.ts';
import { findRun, type HeldRun, type Run, setRun, step, takeRun } from './run-store.ts';

export interface SettlementWorks {
  readonly database: Database;
  readonly engine: Pick<Engine, 'mutate'>;
  readonly clock: () => Date;
  readonly log: Pick<Log, 'info'>;
}

/** Sorting comes again after posting. What does not come to rest after so many times never will. */
const mostRounds = 50;

/**
 * Does a run from where it stands to its end. Whoever starts takes it over from whoever is at it.
 *
 * @returns the run as it ended; undefined when there is none
 * @throws Replaced when somebody else took it over; whatever stopped it: the same again goes on from there
 */
export async function settle(works: SettlementWorks, tenant: string, id: string): Promise<Run | undefined> {
  const { database, engine, clock, log } = works;
  const taken = await takeRun(database.db, tenant, id);
  if (taken === undefined) return undefined;
  const held: HeldRun = { database, tenant, id, attempt: taken.attempt };
  for (let round = 0; round < mostRounds; round++) {
    const run = await step(held, (_, found) => Promise.resolve(found));
    log.info({ tenant, run: id, state: run.state }, 'a settlement run goes on');
    if (run.state === 'done' || run.state === 'failed') return run;
    if (run.state === 'received') await step(held, (tx) => setRun(tx, run, { state: 'reading' }));
    else if (run.state === 'reading') await readLines(held, run);
    else if (run.state === 'matching') {
      await findDisbursements(held);
      await sortIntoGroups(held, clock());
    } else await postItems(held, engine, clock);
  }
  throw new Error(`The settlement run ${id} does not come to an end`);
}

/**
 * Has a run sorted again by what the books say today: phones that were late have reported, the bank's earlier files came.
 * What the engine refused, or could not do, is asked once more where the books still lack it.
 *
 * @param enqueued has somebody do the run, in the same transaction: whoever was at it has been replaced by then
 * @returns the run; undefined when there is none
 */
export function runAgain(
  database: Database,
  tenant: string,
  id: string,
  enqueued: (tx: Queryable, run: Run) => Promise<void> = () => Promise.resolve(),
): Promise<Run | undefined> {
  return database.db.transaction(async (tx) => {
    const run = await takeRun(tx, tenant, id);
    if (run === undefined) return undefined;
    if (run.state === 'done') {
      await forgetRefusals(tx, run);
      await setRun(tx, run, { state: 'matching', repeats: run.repeats + 1 });
    }
    await enqueued(tx, run);
    return findRun(tx, tenant, id);
  });
}
