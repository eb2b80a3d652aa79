import { sql } from 'drizzle-orm';
import type { Outcome } from '@ekbaar/sdk/protocol';
import { type Queryable, rowsOf, textArray } from '../db/database.ts';
import { databaseCode, NeverCameBack } from '../db/fault.ts';
import { ProblemError } from '../problem.ts';
import type { Actor } from './actor.ts';
import { diedBefore } from './attempt-log.ts';
import { settleRun } from './batch.ts';
import type { BatchMutator } from './mutators.ts';
import type { PushContext } from './push.ts';
import { admit, declarationOf, type Entry } from './settle.ts';
import { applySingle, entryOf, type SingleMutation } from './single.ts';
import { unawaited, writing } from './transaction.ts';

interface Single {
  readonly context: PushContext;
  readonly actor: Actor;
  readonly mutation: SingleMutation;
  readonly entry: Entry;
  readonly args: unknown;
}

type Answer = Awaited<ReturnType<typeof applySingle>>;

interface Waiting extends Single {
  readonly settle: (answer: Promise<Answer>) => void;
}

/** How long what comes is gathered at most for the next transaction: one that waits for a lock must not hold up the others. */
const gatherMs = 50;
/** How long company is waited for at most: under load those that were just answered come back at once, and one commit can serve all. */
const companyMs = 5;
const mostTogether = 50;
/** lock_timeout and statement_timeout. */
const waitedInVain = new Set(['55P03', '57014']);

/**
 * Mutations over REST. Those with a `batch` that come while others of their tenant and name are under way share the next
 * transaction, as those of a client's log do: under load one commit serves many. What is not plain goes alone.
 */
export class SingleRuns {
  /** By tenant and name. */
  readonly #groups = new Map<string, Group>();
  /** By tenant and key: what this node is at right now. */
  readonly #keys = new Set<string>();

  /** As `applySingle`. */
  async apply(context: PushContext, actor: Actor, mutation: SingleMutation, now: Date): Promise<Answer> {
    const { rules, database } = context;
    const entry = entryOf(actor, mutation, rules.model.version, now);
    const held = `${actor.tenant}/${entry.key}`;
    if (this.#keys.has(held)) throw inFlight(entry.key);
    this.#keys.add(held);
    try {
      const batched =
        rules.mutators[entry.name]?.batch !== undefined && declarationOf(rules, entry.name)?.audit === true;
      const admitted = batched && database.shared ? admit(rules, actor, entry) : undefined;
      if (admitted?.kind !== 'admitted') return await applySingle(context, actor, mutation, now);
      const name = `${actor.tenant}/${entry.name}`;
      const group = this.#groups.get(name) ?? new Group();
      this.#groups.set(name, group);
      return await group.settle({ context, actor, mutation, entry, args: admitted.args });
    } finally {
      this.#keys.delete(held);
    }
  }
}

/** Mutations of one tenant and name: one run of them is under way, the next gathers behind it. */
class Group {
  #waiting: Waiting[] = [];
  /** Whether a run is under way, but not for long. */
  #busy = false;
  /** How many were there, under way and waiting, when the last run ended: the next one waits a moment for as many. */
  #company = 1;
  #companyTimer: NodeJS.Timeout | undefined;

  settle(single: Single): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.push({ ...single, settle: resolve });
    this.#next();
    return promise;
  }

  #next(): void {
    if (this.#busy || this.#waiting.length === 0) return;
    if (this.#waiting.length >= this.#company) return this.#start();
    this.#companyTimer ??= setTimeout(() => this.#start(), companyMs);
  }

  #start(): void {
    clearTimeout(this.#companyTimer);
    this.#companyTimer = undefined;
    const run = this.#waiting.splice(0, mostTogether);
    this.#busy = true;
    let timer: NodeJS.Timeout | undefined;
    const longEnough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, gatherMs);
    });
    void Promise.race([settleRunOf(run), longEnough]).finally(() => {
      clearTimeout(timer);
      this.#busy = false;
      this.#company = Math.min(run.length + this.#waiting.length, mostTogether);
      this.#next();
    });
  }
}

/** Never rejects: each of the run is answered for itself. */
async function settleRunOf(run: readonly Waiting[]): Promise<void> {
  const alone = ({ context, actor, mutation, entry }: Single) => applySingle(context, actor, mutation, entry.facts.now);
  let together: ReadonlyMap<string, Outcome> = new Map();
  try {
    if (run.length > 1) together = await settleTogether(run);
  } catch (error) {
    // A lock that one of them waited for in vain is no reason to refuse the others, nor is one that never came back.
    if (!waitedInVain.has(databaseCode(error) ?? '') && !(error instanceof NeverCameBack)) {
      for (const { settle } of run) settle(Promise.reject(error as Error));
      return;
    }
  }
  const answers = run.map((single) => {
    const outcome = together.get(single.entry.key);
    return outcome === undefined ? alone(single) : Promise.resolve({ outcome, replayed: false });
  });
  run.forEach(({ settle }, at) => settle(answers[at] as Promise<Answer>));
  await Promise.allSettled(answers);
}

/** Those of a run that are new and have never failed, in one transaction. @returns their outcomes by key */
async function settleTogether(run: readonly Single[]): Promise<ReadonlyMap<string, Outcome>> {
  const [first] = run;
  if (first === undefined) return new Map();
  const { context, actor, entry } = first;
  const { tenant } = actor;
  const batch = context.rules.mutators[entry.name]?.batch as BatchMutator;
  const ids = await Promise.all(run.map((single) => context.attempts.begin(tenant, single.entry.key)));
  const end = (tx: Queryable) =>
    unawaited(
      tx,
      sql`delete from sync.attempts where tenant = ${tenant}
          and subject = any(${textArray(run.map((single) => single.entry.key))}) and id = any(${textArray(ids, 'uuid')})`,
    );
  try {
    const { value, moved } = await writing(context.database, tenant, async (tx) => {
      const plain = await takePlainKeys(tx, tenant, run);
      const together = run.filter((single) => plain.has(single.entry.key));
      const outcomes = together.length > 1 ? await settleRun(tx, context.rules, tenant, batch, together) : undefined;
      end(tx);
      return new Map(outcomes?.map((outcome, at) => [(together[at] as Single).entry.key, outcome]));
    });
    context.onMoved(tenant, moved);
    return value;
  } catch (error) {
    await Promise.all(run.map((single, at) => context.attempts.end(tenant, single.entry.key, ids[at] ?? ''))).catch(
      () => {},
    );
    throw error;
  }
}

/** Takes the keys for this transaction. @returns those that are free, have no receipt and have never failed */
async function takePlainKeys(tx: Queryable, tenant: string, run: readonly Single[]): Promise<Set<string>> {
  const rows = await rowsOf<{ key: string; plain: boolean }>(
    tx,
    sql`select k.key, pg_try_advisory_xact_lock(hashtextextended(${`${tenant}/`} || k.key, 0))
          and not exists (select from sync.receipts r where r.tenant = ${tenant} and r.key = k.key::uuid)
          and not exists (select from sync.halts h where h.tenant = ${tenant} and h.key = k.key::uuid)
          and not ${diedBefore(tenant, sql`k.key`)} as plain
        from unnest(${textArray(run.map(({ entry }) => entry.key))}) as k (key)`,
  );
  return new Set(rows.filter(({ plain }) => plain).map(({ key }) => key));
}

function inFlight(key: string): ProblemError {
  return new ProblemError('in_flight', `The key ${key} is being processed right now`, { retryAfterSeconds: 1 });
}
