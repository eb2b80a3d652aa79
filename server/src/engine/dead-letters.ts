import type { Outcome } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable, rowsOf } from '../db/database.ts';
import type { NeverCameBack } from '../db/fault.ts';
import { ProblemError } from '../problem.ts';
import type { Actor } from './actor.ts';
import { noteAudit } from './audit-log.ts';
import { closeLocked, type Handling, markReceipt } from './close-letter.ts';
import { contentOf } from './content.ts';
import { describe, describeHalt, forgetHalt } from './halt-store.ts';
import { decide, type Entry, type Rules } from './settle.ts';

/** How running a dead letter again ended: with an outcome, or as dead as before. Its try was counted before (`noteRetry`). */
export type Retried =
  | { readonly outcome: Outcome }
  /** @property error what the mutator threw, if it did */
  | { readonly failed: string; readonly name: string; readonly error?: unknown };

/**
 * Runs a dead letter again under its own key, as the actor whose it is and by today's model, and puts the outcome in
 * the place of the old one. Its log went on behind it meanwhile: this is the one case where a client's mutations take
 * effect out of order, and `retried_at` says so.
 *
 * @throws ProblemError `not_found`, `not_dead`
 */
export async function retryDeadLetter(tx: Queryable, rules: Rules, { operator, key, now }: Handling): Promise<Retried> {
  const { tenant } = operator;
  const { actor, entry } = await lockForRetry(tx, tenant, key, rules, now);
  const decided = await decide(tx, rules, actor, entry, async (at, outcome) => {
    if (outcome.status === 'dead') return;
    await at.execute(
      sql`update sync.receipts set status = ${outcome.status}, result = ${jsonParameter(outcome.result)},
            error = ${jsonParameter(outcome.error)}, retried_at = ${now.toISOString()}::timestamptz
          where tenant = ${tenant} and key = ${key}`,
    );
    await forgetHalt(at, tenant, key);
    await noteAudit(at, tenant, {
      ...{ at: now, actor: operator.id, action: 'dead_letter.retried', subject: key },
      details: { from: 'dead', to: outcome.status },
    });
    await markReceipt(at, tenant, key);
  });
  if (decided.kind === 'decided' && decided.outcome.status !== 'dead') return { outcome: decided.outcome };
  const failed = whyStillDead(decided, entry, rules);
  if (decided.kind === 'halted') await describeHalt(tx, tenant, key, decided.error);
  await noteFailedRetry(tx, { operator, key, now }, failed);
  return { failed, name: entry.name, ...(decided.kind === 'halted' && { error: decided.error }) };
}

async function noteFailedRetry(tx: Queryable, { operator, key, now }: Handling, failed: string): Promise<void> {
  await noteAudit(tx, operator.tenant, {
    ...{ at: now, actor: operator.id, action: 'dead_letter.retry_failed', subject: key },
    details: { error: failed },
  });
}

/** Puts down that a retry never came back: of its own transaction nothing remains. @returns as `retryDeadLetter` */
export async function noteLostRetry(
  tx: Queryable,
  handling: Handling,
  error: NeverCameBack,
): Promise<Extract<Retried, { failed: string }>> {
  const { operator, key } = handling;
  const { name } = await lockDeadLetter(tx, operator.tenant, key);
  const failed = describe(error);
  await describeHalt(tx, operator.tenant, key, error);
  await noteFailedRetry(tx, handling, failed);
  return { failed, name, error };
}

/**
 * Closes a dead letter that nobody will run again: it stays dead, and says why.
 *
 * @throws ProblemError `not_found`, `not_dead`
 */
export async function closeDeadLetter(tx: Queryable, { operator, key, now }: Handling, reason: string): Promise<void> {
  await lockDeadLetter(tx, operator.tenant, key);
  await closeLocked(tx, { operator, key, now }, reason);
}

interface LetterRow {
  readonly actor: string;
  readonly role: string;
  readonly claims: Record<string, unknown> | null;
  readonly client_id: string | null;
  readonly mutation_id: string | number | null;
  readonly name: string;
  readonly args: unknown;
  readonly content: string;
  readonly model: number | null;
  readonly device_ms: number | null;
  readonly server_ms: number;
  readonly clock_error_ms: string | number | null;
  readonly status: Outcome['status'];
  readonly closed: boolean;
}

/** Locks an open dead letter for the rest of the transaction. */
async function lockDeadLetter(tx: Queryable, tenant: string, key: string): Promise<LetterRow> {
  const [row] = await rowsOf<LetterRow>(
    tx,
    sql`select actor, role, claims, client_id, mutation_id, name, args, content, model, clock_error_ms, status,
          (extract(epoch from device_at) * 1000)::float8 as device_ms, (extract(epoch from server_at) * 1000)::float8 as server_ms,
          closed_at is not null as closed
        from sync.receipts where tenant = ${tenant} and key = ${key} for update`,
  );
  if (row === undefined) throw noReceipt(key);
  if (row.status !== 'dead') throw new ProblemError('not_dead', `The mutation ${key} is ${row.status}, not dead`);
  if (row.closed) throw new ProblemError('not_dead', `The dead letter ${key} was closed before`);
  return row;
}

export function noReceipt(key: string): ProblemError {
  return new ProblemError('not_found', `No mutation with the key ${key} has a receipt`);
}

/** As in a push: the client's row first, so that what its log does now and this come one after the other. */
async function lockForRetry(
  tx: Queryable,
  tenant: string,
  key: string,
  rules: Rules,
  now: Date,
): Promise<{ actor: Actor; entry: Entry }> {
  await tx.execute(
    sql`select from sync.clients where tenant = ${tenant} and client_id =
          (select client_id from sync.receipts where tenant = ${tenant} and key = ${key}) for update`,
  );
  const row = await lockDeadLetter(tx, tenant, key);
  const { actor: id, role, name, args, content, client_id: clientId } = row;
  const serverAt = new Date(row.server_ms);
  const deviceAt = row.device_ms === null ? null : new Date(row.device_ms);
  const model = row.model ?? rules.model.version;
  const number = (value: string | number | null) => (value === null ? null : Number(value));
  const claims = row.claims ?? { sub: id, tenant, role };
  return {
    actor: { tenant, id, role, claims },
    entry: {
      ...{ key, name, args, model },
      content: { hash: content, args, ...unfitness(name, args, content) },
      at: deviceAt !== null && deviceAt < serverAt ? deviceAt : serverAt,
      facts: {
        ...{ key, actor: id, role, claims, clientId, name, args, content, model, deviceAt, now },
        ...{ mutationId: number(row.mutation_id), clockErrorMs: number(row.clock_error_ms) },
      },
    },
  };
}

/** Args that PostgreSQL could not hold were kept as the text they came as, which is not what the mutation was given. */
function unfitness(name: string, args: unknown, content: string): { unfit?: string } {
  const asText = typeof args === 'string' && contentOf(name, args).hash !== content;
  return asText ? { unfit: 'they were kept as text' } : {};
}

function whyStillDead(decided: Awaited<ReturnType<typeof decide>>, { model }: Entry, rules: Rules): string {
  switch (decided.kind) {
    case 'halted':
      return describe(decided.error);
    case 'server_outdated':
      return `It is of version ${model} of the model, and this server has version ${rules.model.version}`;
    case 'decided':
      return decided.outcome.error?.message ?? decided.outcome.status;
  }
}
