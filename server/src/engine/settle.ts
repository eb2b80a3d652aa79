import type { Model, MutationDeclaration } from '@ekbaar/sdk/model';
import { type DeadCode, type Outcome, type RejectedCode, skipName } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { type Queryable, rowsOf } from '../db/database.ts';
import { databaseFault } from '../db/fault.ts';
import { issuesOf } from '../problem.ts';
import type { Actor } from './actor.ts';
import type { Content } from './content.ts';
import { type MutationContext, type Mutator, Rejection } from './mutators.ts';
import { applied, mutationError } from './outcome.ts';
import type { EnqueueJobs } from './outbox.ts';
import { findReceipt, type ReceiptFacts, type StoredReceipt, writeReceipt } from './receipt-store.ts';
import { closeReplaced, lockReplaced } from './replaced-letter.ts';
import { unawaited } from './transaction.ts';

/** What settling needs to know of the app. */
export interface Rules {
  readonly model: Model;
  readonly mutators: Readonly<Record<string, Mutator>>;
  readonly enqueue: EnqueueJobs;
  /** Names of the constraints that are checked at commit unless told otherwise, ready for `SET CONSTRAINTS`. */
  readonly deferredConstraints: readonly string[];
}

/** One mutation on its way to an outcome, from a log or from REST. */
export interface Entry {
  readonly key: string;
  readonly name: string;
  readonly args: unknown;
  readonly content: Content;
  /** Version of the model the client was built with. */
  readonly model: number;
  /** When the person acted, clamped to the server's now. */
  readonly at: Date;
  readonly facts: ReceiptFacts;
  /** The outcome it had before the server lost it. */
  readonly former?: Outcome | undefined;
  /** The key of the refused one or the dead letter in whose place it was made. */
  readonly replaces?: string | undefined;
}

/** Where the outcome is kept: in a receipt of this very mutation, in one that stood before, or nowhere but its slot. */
export type KeptIn = 'receipt' | 'former_receipt' | 'slot';

export type Settled =
  | { readonly kind: 'settled'; readonly outcome: Outcome; readonly replayed: boolean; readonly keptIn: KeptIn }
  | { readonly kind: 'server_outdated' }
  /** The mutator threw: nothing of it remains. */
  | { readonly kind: 'halted'; readonly error: unknown };

/**
 * Takes one mutation through the guards and, if it passes, through its mutator, inside a transaction. The order of
 * the guards is fixed by the protocol, so that a retry always finds its first answer: (slot, by the caller,) key,
 * model version, name, args, role, `onceBy`, mutator.
 */
export async function settle(
  tx: Queryable,
  rules: Rules,
  actor: Actor,
  entry: Entry,
  known: StoredReceipt | undefined,
): Promise<Settled> {
  if (known !== undefined) return byKey(known, actor, entry);
  if (entry.model > rules.model.version) return { kind: 'server_outdated' };
  if (entry.name === skipName) return settled({ status: 'applied' }, 'slot');
  const audit = declarationOf(rules, entry.name)?.audit ?? true;
  const { former } = entry;
  if (former !== undefined && former.status !== 'applied')
    return audit ? keepOutcome(tx, rules, actor, entry, former) : settled(former, 'slot');
  const { replaces } = entry;
  const replacement = replaces === undefined ? undefined : { ...entry, replaces, now: entry.facts.now };
  const replaced = replacement && (await lockReplaced(tx, actor, replacement));
  if (replaced === 'applied') {
    const message = `${replaces}, in whose place it was made, has taken effect after all`;
    const outcome = refusal(entry, 'already_done' satisfies RejectedCode, message);
    return audit ? keepOutcome(tx, rules, actor, entry, outcome) : settled(outcome, 'slot');
  }
  try {
    // Without receipts nothing was promised that a restored server could have lost.
    const judged = audit ? entry : { ...entry, former: undefined };
    const decided = await decide(tx, rules, actor, judged, async (at, outcome) => {
      if (audit && !(await writeReceipt(at, actor.tenant, entry.facts, outcome))) throw new KeyTaken();
    });
    if (decided.kind === 'decided') {
      const took = decided.outcome.status === 'applied';
      if (replacement && replaced === 'open' && took) await closeReplaced(tx, actor, replacement);
      return settled(decided.outcome, audit ? 'receipt' : 'slot');
    }
    // What made it throw may have been another transaction that settled the same key.
    const first = decided.kind === 'halted' && audit ? await findReceipt(tx, actor.tenant, entry.key) : undefined;
    return first === undefined ? decided : byKey(first, actor, entry);
  } catch (error) {
    if (error instanceof KeyTaken) return settleByKey(tx, rules, actor, entry);
    throw error;
  }
}

/** Settles an entry after looking up the receipt that may stand under its key. */
async function settleByKey(tx: Queryable, rules: Rules, actor: Actor, entry: Entry): Promise<Settled> {
  return settle(tx, rules, actor, entry, await findReceipt(tx, actor.tenant, entry.key));
}

/** Writes an outcome that no mutator made. If another client with the same key was faster, what stands is the answer. */
export async function keepOutcome(
  tx: Queryable,
  rules: Rules,
  actor: Actor,
  entry: Entry,
  outcome: Outcome,
): Promise<Settled> {
  if (await writeReceipt(tx, actor.tenant, entry.facts, outcome)) return settled(outcome, 'receipt');
  return settleByKey(tx, rules, actor, entry);
}

export type Decided =
  | { readonly kind: 'decided'; readonly outcome: Outcome }
  | Extract<Settled, { kind: 'server_outdated' | 'halted' }>;

/**
 * The guards behind the key, and the mutator in a savepoint.
 *
 * @param keep keeps the outcome: of an applied mutation inside its savepoint, so that a `keep` that throws undoes the
 * effects too, and of any other one after the savepoint was rolled back. What it throws is thrown.
 */
export async function decide(
  tx: Queryable,
  rules: Rules,
  actor: Actor,
  entry: Entry,
  keep: (at: Queryable, outcome: Outcome) => Promise<void>,
): Promise<Decided> {
  if (entry.model > rules.model.version) return { kind: 'server_outdated' };
  const decided = async (outcome: Outcome): Promise<Decided> => {
    await keep(tx, outcome);
    return { kind: 'decided', outcome };
  };
  const admitted = admit(rules, actor, entry);
  if (admitted.kind === 'halted') return admitted;
  if (admitted.kind === 'refused') return decided(admitted.outcome);
  const { args, mutator } = admitted;
  let unkept: unknown;
  try {
    const outcome = await tx.transaction(async (savepoint) => {
      const took = applied(entry.name, await apply(savepoint, rules, actor, entry, args, mutator));
      // Together: both are answered before anything is decided on.
      const checked = checkConstraints(savepoint);
      const kept = keep(savepoint, took);
      kept.catch(() => {});
      await checked;
      await kept.catch((error: unknown) => {
        unkept = error;
        throw error;
      });
      return took;
    });
    return { kind: 'decided', outcome };
  } catch (error) {
    if (unkept !== undefined) throw unkept;
    if (error instanceof Rejection) return decided(refusal(entry, error.code, error.message, error.details));
    if (databaseFault(error) !== undefined) throw error;
    return { kind: 'halted', error };
  }
}

export type Admitted =
  | { readonly kind: 'admitted'; readonly args: unknown; readonly mutator: Mutator }
  | { readonly kind: 'refused'; readonly outcome: Outcome }
  /** An upcaster threw. */
  | { readonly kind: 'halted'; readonly error: unknown };

/** The guards that need no database: name, args, role. */
export function admit(rules: Rules, actor: Actor, entry: Entry): Admitted {
  const declaration = declarationOf(rules, entry.name);
  const mutator = rules.mutators[entry.name];
  if (declaration === undefined || mutator === undefined) {
    const message = `No mutation is named "${entry.name}" in version ${rules.model.version} of the model`;
    return {
      kind: 'refused',
      outcome: { status: 'dead', error: mutationError('unknown_mutation' satisfies DeadCode, message) },
    };
  }
  const refused = (code: RejectedCode, message: string, details?: unknown) =>
    ({ kind: 'refused', outcome: refusal(entry, code, message, details) }) as const;
  if (entry.content.unfit !== undefined)
    return refused('invalid_args', `The arguments cannot be kept: ${entry.content.unfit}`, []);
  let current: unknown;
  try {
    current = upcast(mutator, entry);
  } catch (error) {
    return { kind: 'halted', error };
  }
  const args = z.safeParse(declaration.args, current);
  if (!args.success)
    return refused('invalid_args', `The arguments of "${entry.name}" do not fit`, issuesOf(args.error));
  if (!mutator.roles.includes(actor.role))
    return refused('forbidden', `The role "${actor.role}" may not do "${entry.name}"`);
  return { kind: 'admitted', args: args.data, mutator };
}

/** The args as the model of today has them. Upcasters get a copy: what came is what is kept. */
function upcast({ upcast: steps }: Mutator, { args, model }: Entry): unknown {
  if (steps === undefined) return args;
  const versions = Object.keys(steps).map(Number);
  let current = structuredClone(args);
  for (const version of versions.filter((at) => model < at).toSorted((a, b) => a - b)) {
    current = steps[version]?.(current);
  }
  return current;
}

export function declarationOf({ model }: Rules, name: string): MutationDeclaration | undefined {
  return Object.hasOwn(model.mutations, name) ? model.mutations[name] : undefined;
}

/** A no. One that was applied before the server lost it is for operations to settle: the person has acted on it. */
function refusal({ former }: Entry, code: string, message: string, details?: unknown): Outcome {
  if (former !== undefined) {
    const text = `Applied before the server lost it, and refused now: ${message}`;
    return { status: 'dead', error: mutationError('after_restore' satisfies DeadCode, text, { code, details }) };
  }
  return { status: 'rejected', error: mutationError(code, message, details) };
}

/** Another transaction settled the same key while this one was on its way. */
class KeyTaken extends Error {
  override readonly name = 'KeyTaken';
}

async function apply(
  tx: Queryable,
  rules: Rules,
  actor: Actor,
  entry: Entry,
  args: unknown,
  mutator: Mutator,
): Promise<unknown> {
  const context: MutationContext = {
    db: tx,
    tenant: actor.tenant,
    actor,
    key: entry.key,
    at: entry.at,
    now: entry.facts.now,
    reject: (code, message, details) => {
      throw new Rejection(entry.name, code, message, details);
    },
    enqueue: (queue, data) => rules.enqueue(tx, queue, [{ ...data, key: entry.key, tenant: actor.tenant }]),
  };
  const value = await mutator.onceBy?.(context, args);
  if (typeof value !== 'string') return mutator.run(context, args);
  // Together: when the business key was used up before, that is the answer, and what the mutator did is rolled back.
  const claim = claimOnce(tx, actor.tenant, entry, value, mutator);
  const [claimed, ran] = await Promise.allSettled([claim, mutator.run(context, args)]);
  if (claimed.status === 'rejected') throw claimed.reason;
  if (ran.status === 'rejected') throw ran.reason;
  return ran.value;
}

/** Constraints are checked at commit again where they are declared so, for the mutations behind one that had them checked. */
export function deferConstraints(tx: Queryable, { deferredConstraints }: Rules): void {
  if (deferredConstraints.length > 0)
    unawaited(tx, sql.raw(`set constraints ${deferredConstraints.join(', ')} deferred`));
}

/** A deferred constraint must speak while there is a mutation to blame. */
export async function checkConstraints(tx: Queryable): Promise<void> {
  await tx.execute(sql`set constraints all immediate`);
}

async function claimOnce(tx: Queryable, tenant: string, entry: Entry, value: string, mutator: Mutator): Promise<void> {
  const claimed = await rowsOf(
    tx,
    sql`insert into sync.once (tenant, mutation, value, key) values (${tenant}, ${entry.name}, ${value}, ${entry.key})
        on conflict (tenant, mutation, value) do nothing returning key`,
  );
  if (claimed.length === 0) throw await alreadyDone(tx, tenant, entry.name, value, mutator);
}

/** The no to a business key that was used up before: when, and what the app shows of it, never another's receipt. */
export async function alreadyDone(
  tx: Queryable,
  tenant: string,
  name: string,
  value: string,
  mutator: Mutator | undefined,
): Promise<Rejection> {
  const [first] = await rowsOf<{ at: number; result: unknown }>(
    tx,
    // A dead letter that operations ran again took effect then, not when it died.
    sql`select (extract(epoch from coalesce(r.retried_at, r.server_at)) * 1000)::float8 as at, r.result
        from sync.once o join sync.receipts r on r.tenant = ${tenant} and r.key = o.key
        where o.tenant = ${tenant} and o.mutation = ${name} and o.value = ${value}`,
  );
  return new Rejection(name, 'already_done' satisfies RejectedCode, `"${name}" was done before for ${value}`, {
    at: first && new Date(first.at).toISOString(),
    ...(first?.result == null ? {} : mutator?.publicResult?.(first.result)),
  });
}

function byKey(known: StoredReceipt, actor: Actor, entry: Entry): Settled {
  if (known.actor === actor.id && known.content === entry.content.hash) {
    return { kind: 'settled', outcome: known.outcome, replayed: true, keptIn: 'former_receipt' };
  }
  const error = {
    code: 'key_reused' satisfies RejectedCode,
    message: 'This idempotency key came before, with other content or from somebody else',
  };
  return { kind: 'settled', outcome: { status: 'rejected', error }, replayed: false, keptIn: 'slot' };
}

function settled(outcome: Outcome, keptIn: KeptIn): Settled {
  return { kind: 'settled', outcome, replayed: false, keptIn };
}
