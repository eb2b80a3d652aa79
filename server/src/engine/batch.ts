import { sql } from 'drizzle-orm';
import type { Outcome } from '@ekbaar/sdk/protocol';
import { type Queryable, rowsOf, textArray } from '../db/database.ts';
import { databaseFault } from '../db/fault.ts';
import type { Actor } from './actor.ts';
import { type BatchMutator, Rejection, type RunContext, type RunItem, type RunOutcome } from './mutators.ts';
import { applied, mutationError } from './outcome.ts';
import { writeReceipts } from './receipt-store.ts';
import { alreadyDone, checkConstraints, type Entry, type Rules } from './settle.ts';

/** An entry that passed the guards, with its args as the schema has them. */
export interface RunEntry {
  readonly actor: Actor;
  readonly entry: Entry;
  readonly args: unknown;
}

/** Why a run is done one by one after all; nothing of it remains. */
class OneByOne extends Error {
  override readonly name = 'OneByOne';
}

/**
 * Does a run of same-named mutations in one savepoint, with their receipts.
 *
 * @returns an outcome for each; undefined when they must be done one by one, nothing having happened
 */
export async function settleRun(
  tx: Queryable,
  rules: Rules,
  tenant: string,
  batch: BatchMutator,
  run: readonly RunEntry[],
): Promise<Outcome[] | undefined> {
  try {
    return await tx.transaction(async (savepoint) => {
      const outcomes = await outcomesOf(savepoint, rules, tenant, batch, run);
      const receipts = run.map(({ entry }, at) => ({ facts: entry.facts, outcome: outcomes[at] as Outcome }));
      const [, written] = await Promise.all([checkConstraints(savepoint), writeReceipts(savepoint, tenant, receipts)]);
      // A key that another transaction settled meanwhile, or that comes twice in the run.
      if (written < run.length) throw new OneByOne();
      return outcomes;
    });
  } catch (error) {
    if (databaseFault(error) !== undefined) throw error;
    // One of them threw: which, is found out one by one, where it alone is to blame.
    return undefined;
  }
}

async function outcomesOf(
  tx: Queryable,
  rules: Rules,
  tenant: string,
  batch: BatchMutator,
  run: readonly RunEntry[],
): Promise<Outcome[]> {
  const name = run[0]?.entry.name ?? '';
  const context: RunContext = {
    db: tx,
    tenant,
    now: run[0]?.entry.facts.now ?? new Date(0),
    enqueueAll: (queue, jobs) =>
      rules.enqueue(
        tx,
        queue,
        jobs.map((job) => ({ ...job, tenant })),
      ),
    oneByOne: () => {
      throw new OneByOne();
    },
  };
  const items = run.map(({ actor, entry, args }): RunItem => ({ actor, args, key: entry.key, at: entry.at }));
  const values = (await batch.onceBy?.(context, items)) ?? items.map(() => null);
  const done = await claimAll(tx, rules, tenant, name, items, values);
  const open = items.filter((_, at) => !done.has(at));
  const results = open.length === 0 ? [] : await batch.run(context, open);
  if (results.length !== open.length) throw new TypeError(`batch of "${name}": one outcome for each item, in order`);

  let next = 0;
  const released: string[] = [];
  const outcomes = items.map((_, at): Outcome => {
    const before = done.get(at);
    if (before !== undefined) return before;
    const result = results[next++] as RunOutcome;
    if ('reject' in result) {
      const value = values[at];
      if (typeof value === 'string') released.push(value);
      const { code, message, details } = result.reject;
      return refused(new Rejection(name, code, message, details));
    }
    return applied(name, result.result);
  });
  if (released.length > 0) {
    await tx.execute(
      sql`delete from sync.once where tenant = ${tenant} and mutation = ${name} and value = any(${textArray(released)})`,
    );
  }
  return outcomes;
}

/** Claims the business keys of a run. @returns `already_done` for those that were used up before, by place */
async function claimAll(
  tx: Queryable,
  rules: Rules,
  tenant: string,
  name: string,
  items: readonly RunItem[],
  values: readonly (string | null)[],
): Promise<Map<number, Outcome>> {
  const wanted = values.flatMap((value, at) => (value === null ? [] : [{ value, at, key: items[at]?.key ?? '' }]));
  // The second of two needs the first one's result.
  if (new Set(wanted.map(({ value }) => value)).size < wanted.length) throw new OneByOne();
  if (wanted.length === 0) return new Map();
  const claimed = await rowsOf<{ value: string }>(
    tx,
    sql`insert into sync.once (tenant, mutation, value, key)
        select ${tenant}, ${name}, w.value, w.key
        from unnest(${textArray(wanted.map(({ value }) => value))}, ${textArray(
          wanted.map(({ key }) => key),
          'uuid',
        )}) as w (value, key)
        -- in one order for all, so that two runs cannot wait for each other
        order by w.value
        on conflict (tenant, mutation, value) do nothing returning value`,
  );
  const ours = new Set(claimed.map(({ value }) => value));
  const done = new Map<number, Outcome>();
  for (const { value, at } of wanted) {
    if (ours.has(value)) continue;
    done.set(at, refused(await alreadyDone(tx, tenant, name, value, rules.mutators[name])));
  }
  return done;
}

function refused({ code, message, details }: Rejection): Outcome {
  return { status: 'rejected', error: mutationError(code, message, details) };
}
