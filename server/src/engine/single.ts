import type { Outcome } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { type Queryable, readsOnly, rowsOf } from '../db/database.ts';
import { databaseFault, NeverCameBack } from '../db/fault.ts';
import { ProblemError } from '../problem.ts';
import type { Actor } from './actor.ts';
import { diedBefore } from './attempt-log.ts';
import { settleOrBury } from './bury.ts';
import { contentOf } from './content.ts';
import { forgetHalt, type Halt, haltPauseMs, noteFailure, noteTry, uncountTry } from './halt-store.ts';
import type { PushContext } from './push.ts';
import { receiptColumns, type ReceiptRow, receiptsByKey } from './receipt-store.ts';
import type { Entry, Settled } from './settle.ts';
import { unawaited, writing } from './transaction.ts';

/** A mutation without a client's log: a program that calls REST. */
export interface SingleMutation {
  readonly key: string;
  readonly name: string;
  readonly args: unknown;
}

/**
 * Applies one mutation once by its key, under the same guards as in a log.
 *
 * @throws ProblemError `in_flight`, `key_reused`, `invalid_args` (nothing is kept), `halted`
 */
export async function applySingle(
  context: PushContext,
  actor: Actor,
  mutation: SingleMutation,
  now: Date,
): Promise<{ outcome: Outcome; replayed: boolean }> {
  const { database, attempts } = context;
  const { tenant } = actor;
  const entry = entryOf(actor, mutation, context.rules.model.version, now);
  const { key } = entry;
  let noted: Halt | undefined;
  for (;;) {
    const attempt = await attempts.begin(tenant, key);
    let result: Awaited<ReturnType<typeof settleSingle>>;
    try {
      const { value, moved } = await writing(database, tenant, (tx) =>
        settleSingle(tx, context, actor, entry, attempt, noted),
      );
      context.onMoved(tenant, moved);
      result = value;
    } catch (error) {
      await attempts.end(tenant, key, attempt).catch(() => {});
      if (noted !== undefined && databaseFault(error) !== undefined)
        await uncountTry(database, tenant, key).catch(() => {});
      if (!(error instanceof NeverCameBack)) throw error;
      result = { kind: 'halted', error };
    }
    if (result.kind === 'settled') return result;
    if (result.kind === 'risky') noted = await noteTry(database, tenant, key, now);
    else {
      const error = result.kind === 'halted' ? result.error : undefined;
      context.onHalted({ name: mutation.name }, error);
      const halt = await noteFailure(database, tenant, key, noted, error, now);
      throw new ProblemError('halted', `"${mutation.name}" could not be run now; send the same again later`, {
        cause: error,
        retryAfterSeconds: Math.ceil(haltPauseMs(halt) / 1000),
      });
    }
  }
}

/** Settles it inside a transaction, unless it failed before, or may have, and this try is not noted yet. */
async function settleSingle(
  tx: Queryable,
  context: PushContext,
  actor: Actor,
  entry: Entry,
  attempt: string,
  noted: Halt | undefined,
): Promise<Settled | { readonly kind: 'risky' }> {
  const { tenant } = actor;
  const { key } = entry;
  const found = await openKey(tx, tenant, key);
  if (!found.free)
    throw new ProblemError('in_flight', `The key ${key} is being processed right now`, { retryAfterSeconds: 1 });
  const risky = found.receipt === undefined && (found.halted || found.diedBefore);
  const settled =
    risky && noted === undefined
      ? ({ kind: 'risky' } as const)
      : await settleOrBury(tx, context, actor, entry, found.receipt, noted);
  if (settled.kind === 'settled' && !settled.replayed) {
    const { error } = settled.outcome;
    // Thrown inside the transaction: what does not fit is told at once and leaves nothing.
    if (error?.code === 'invalid_args')
      throw new ProblemError('invalid_args', error.message, { issues: issuesIn(settled.outcome) });
    if (error?.code === 'key_reused') throw new ProblemError('key_reused', error.message);
  }
  if (settled.kind === 'settled' && settled.outcome.status !== 'dead' && found.halted)
    await forgetHalt(tx, tenant, key);
  unawaited(
    tx,
    sql`delete from sync.attempts where tenant = ${tenant} and subject = ${key} and (id = ${attempt} or ${noted !== undefined})`,
  );
  return settled;
}

/** What stands under a key, and whether it is free for this transaction. */
async function openKey(tx: Queryable, tenant: string, key: string) {
  const [row] = await rowsOf<{ free: boolean; receipts: readonly ReceiptRow[] | null; halted: boolean; died: boolean }>(
    tx,
    // A receipt that is committed between this statement's snapshot and the lock is met when ours is to be written.
    sql`${readsOnly}select pg_try_advisory_xact_lock(hashtextextended(${`${tenant}/${key}`}, 0)) as free,
          (select json_agg(r) from (select ${receiptColumns} from sync.receipts where tenant = ${tenant} and key = ${key}) r) as receipts,
          exists (select from sync.halts where tenant = ${tenant} and key = ${key}) as halted,
          ${diedBefore(tenant, key)} as died`,
  );
  return {
    free: row?.free === true,
    receipt: receiptsByKey(row?.receipts ?? []).get(key),
    halted: row?.halted === true,
    diedBefore: row?.died === true,
  };
}

/** A mutation of no log, as it is settled. */
export function entryOf(actor: Actor, { key: sent, name, args }: SingleMutation, model: number, now: Date): Entry {
  const key = sent.toLowerCase();
  const content = contentOf(name, args);
  const facts = {
    ...{ key, actor: actor.id, role: actor.role, claims: actor.claims, clientId: null, mutationId: null, name },
    ...{ args: content.args, content: content.hash, model, deviceAt: null, clockErrorMs: null, now },
  };
  return { key, name, args, content, model, at: now, facts };
}

function issuesIn({ error }: Outcome) {
  return Array.isArray(error?.details) ? (error.details as { path: string; message: string }[]) : [];
}
