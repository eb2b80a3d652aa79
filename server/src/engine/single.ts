import type { Outcome } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { rowsOf } from '../db/database.ts';
import { ProblemError } from '../problem.ts';
import type { Actor } from './actor.ts';
import { contentOf } from './content.ts';
import { forgetHalt, haltPauseMs, noteHalt } from './halt-store.ts';
import type { PushContext } from './push.ts';
import { settleByKey } from './settle.ts';
import { writing } from './transaction.ts';

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
  context: Omit<PushContext, 'haltPolicy'>,
  actor: Actor,
  mutation: SingleMutation,
  now: Date,
): Promise<{ outcome: Outcome; replayed: boolean }> {
  const key = mutation.key.toLowerCase();
  const content = contentOf(mutation.name, mutation.args);
  const model = context.rules.model.version;
  const facts = {
    ...{ key, actor: actor.id, role: actor.role, clientId: null, mutationId: null, name: mutation.name },
    ...{ args: mutation.args, content: content.hash, model, deviceAt: null, clockErrorMs: null, now },
  };
  const entry = { key, name: mutation.name, args: mutation.args, content, model, at: now, facts };
  const { value, moved } = await writing(context.database, actor.tenant, async (tx) => {
    const [lock] = await rowsOf<{ free: boolean }>(
      tx,
      sql`select pg_try_advisory_xact_lock(hashtextextended(${`${actor.tenant}/${key}`}, 0)) as free`,
    );
    if (lock?.free !== true)
      throw new ProblemError('in_flight', `The key ${key} is being processed right now`, { retryAfterSeconds: 1 });
    const settled = await settleByKey(tx, context.rules, actor, entry);
    if (settled.kind !== 'settled') return settled;
    const { outcome } = settled;
    // Thrown inside the transaction: what does not fit is told at once and leaves nothing.
    if (outcome.error?.code === 'invalid_args' && !settled.replayed) {
      throw new ProblemError('invalid_args', outcome.error.message, { issues: issuesIn(outcome) });
    }
    if (outcome.error?.code === 'key_reused') throw new ProblemError('key_reused', outcome.error.message);
    await forgetHalt(tx, actor.tenant, key);
    return settled;
  });
  context.onMoved(actor.tenant, moved);
  if (value.kind === 'settled') return value;
  const error = value.kind === 'halted' ? value.error : undefined;
  context.onHalted({ name: mutation.name }, error);
  const halt = await noteHalt(context.database, actor.tenant, key, error, now);
  throw new ProblemError('halted', `"${mutation.name}" could not be run now; send the same again later`, {
    cause: error,
    retryAfterSeconds: Math.ceil(haltPauseMs(halt) / 1000),
  });
}

function issuesIn({ error }: Outcome) {
  return Array.isArray(error?.details) ? (error.details as { path: string; message: string }[]) : [];
}
