import type { Model } from '@ekbaar/sdk/model';
import { type Outcome, skipName } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { type Queryable, rowsOf } from '../db/database.ts';
import { databaseFault } from '../db/fault.ts';
import { issuesOf } from '../problem.ts';
import type { Actor } from './actor.ts';
import type { Content } from './content.ts';
import { type MutationContext, type Mutator, Rejection } from './mutators.ts';
import type { EnqueueJob } from './outbox.ts';
import { findReceipt, type ReceiptFacts, type StoredReceipt, writeReceipt, writeResult } from './receipt-store.ts';

/** What settling needs to know of the app. */
export interface Rules {
  readonly model: Model;
  readonly mutators: Readonly<Record<string, Mutator>>;
  readonly enqueue: EnqueueJob;
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
}

export type Settled =
  | { readonly kind: 'settled'; readonly outcome: Outcome; readonly replayed: boolean; readonly receiptKept: boolean }
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
  if (entry.name === skipName) return settled({ status: 'applied' }, false);

  const keep = (outcome: Outcome) => keepOutcome(tx, rules, actor, entry, outcome);
  if (entry.former !== undefined && entry.former.status !== 'applied') return keep(entry.former);

  const declaration = Object.hasOwn(rules.model.mutations, entry.name) ? rules.model.mutations[entry.name] : undefined;
  const mutator = rules.mutators[entry.name];
  if (declaration === undefined || mutator === undefined) {
    return keep(
      dead('unknown_mutation', `No mutation is named "${entry.name}" in version ${rules.model.version} of the model`),
    );
  }
  const refuse = (code: string, message: string, details?: unknown): Promise<Settled> => {
    const refused: Outcome = {
      status: 'rejected',
      error: { code, message, ...(details === undefined ? {} : { details }) },
    };
    if (!declaration.audit) return Promise.resolve(settled(refused, false));
    if (entry.former === undefined) return keep(refused);
    return keep(
      dead('after_restore', `Applied before the server lost it, and refused now: ${message}`, { code, details }),
    );
  };

  if (entry.content.unfit !== undefined)
    return refuse('invalid_args', `The arguments cannot be kept: ${entry.content.unfit}`, []);
  const args = z.safeParse(declaration.args, entry.args);
  if (!args.success) return refuse('invalid_args', `The arguments of "${entry.name}" do not fit`, issuesOf(args.error));
  if (!mutator.roles.includes(actor.role)) {
    return refuse('forbidden', `The role "${actor.role}" may not do "${entry.name}"`);
  }

  try {
    const result = await tx.transaction((savepoint) =>
      apply(savepoint, rules, actor, entry, args.data, mutator, declaration.audit),
    );
    return settled({ status: 'applied', ...(result === undefined ? {} : { result }) }, declaration.audit);
  } catch (error) {
    if (error instanceof KeyTaken) return settleByKey(tx, rules, actor, entry);
    if (error instanceof Rejection) return refuse(error.code, error.message, error.details);
    if (databaseFault(error) !== undefined) throw error;
    return { kind: 'halted', error };
  }
}

/** Settles an entry after looking up the receipt that may stand under its key. */
export async function settleByKey(tx: Queryable, rules: Rules, actor: Actor, entry: Entry): Promise<Settled> {
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
  if (await writeReceipt(tx, actor.tenant, entry.facts, outcome)) return settled(outcome, true);
  return settleByKey(tx, rules, actor, entry);
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
  audit: boolean,
): Promise<unknown> {
  if (audit && !(await writeReceipt(tx, actor.tenant, entry.facts, { status: 'applied' }))) throw new KeyTaken();
  const context: MutationContext = {
    db: tx,
    tenant: actor.tenant,
    actor,
    key: entry.key,
    at: entry.at,
    now: entry.facts.now,
    reject: (code, message, details) => {
      throw new Rejection(code, message, details);
    },
    enqueue: (queue, data) => rules.enqueue(tx, queue, { ...data, key: entry.key, tenant: actor.tenant }),
  };
  if (rules.deferredConstraints.length > 0) {
    await tx.execute(sql.raw(`set constraints ${rules.deferredConstraints.join(', ')} deferred`));
  }
  const value = await mutator.onceBy?.(context, args);
  if (typeof value === 'string') await claimOnce(tx, actor.tenant, entry, value, mutator);
  const result = await mutator.run(context, args);
  // A deferred constraint must speak while there is a mutation to blame.
  await tx.execute(sql`set constraints all immediate`);
  if (audit && result !== undefined) await writeResult(tx, actor.tenant, entry.key, result);
  return result;
}

async function claimOnce(tx: Queryable, tenant: string, entry: Entry, value: string, mutator: Mutator): Promise<void> {
  const claimed = await rowsOf(
    tx,
    sql`insert into sync.once (tenant, mutation, value, key) values (${tenant}, ${entry.name}, ${value}, ${entry.key})
        on conflict (tenant, mutation, value) do nothing returning key`,
  );
  if (claimed.length === 1) return;
  const [first] = await rowsOf<{ key: string }>(
    tx,
    sql`select key from sync.once where tenant = ${tenant} and mutation = ${entry.name} and value = ${value}`,
  );
  const receipt = first && (await findReceipt(tx, tenant, first.key));
  throw new Rejection('already_done', `"${entry.name}" was done before for ${value}`, {
    at: receipt?.serverAt.toISOString(),
    ...(receipt?.outcome.result === undefined ? {} : mutator.publicResult?.(receipt.outcome.result)),
  });
}

function byKey(known: StoredReceipt, actor: Actor, entry: Entry): Settled {
  if (known.actor === actor.id && known.content === entry.content.hash) {
    return { kind: 'settled', outcome: known.outcome, replayed: true, receiptKept: true };
  }
  const error = {
    code: 'key_reused',
    message: 'This idempotency key came before, with other content or from somebody else',
  };
  return { kind: 'settled', outcome: { status: 'rejected', error }, replayed: false, receiptKept: false };
}

function settled(outcome: Outcome, receiptKept: boolean): Settled {
  return { kind: 'settled', outcome, replayed: false, receiptKept };
}

function dead(code: string, message: string, details?: unknown): Outcome {
  return { status: 'dead', error: { code, message, ...(details === undefined ? {} : { details }) } };
}
