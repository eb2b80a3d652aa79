import type { DeadCode, Outcome } from '@ekbaar/sdk/protocol';
import type { Queryable } from '../db/database.ts';
import type { Actor } from './actor.ts';
import { describeHalt, type Halt, type HaltPolicy, isSpent } from './halt-store.ts';
import type { StoredReceipt } from './receipt-store.ts';
import { type Entry, keepOutcome, type Rules, type Settled, settle } from './settle.ts';

/**
 * Settles an entry; one whose tries are spent becomes a dead letter, so that the queue goes on behind it.
 *
 * @param noted the note of this try, which counts it; undefined for a first one
 */
export async function settleOrBury(
  tx: Queryable,
  { rules, haltPolicy }: { readonly rules: Rules; readonly haltPolicy: HaltPolicy },
  actor: Actor,
  entry: Entry,
  known: StoredReceipt | undefined,
  noted: Halt | undefined,
): Promise<Settled> {
  const { now } = entry.facts;
  if (noted === undefined || known !== undefined) return settle(tx, rules, actor, entry, known);
  // As many as the others failed before this one, the last of them without a word.
  const spentBefore = isSpent({ ...noted, tries: noted.tries - 1 }, haltPolicy, now);
  if (spentBefore) return keepOutcome(tx, rules, actor, entry, buried);
  const tried = await settle(tx, rules, actor, entry, undefined);
  if (tried.kind !== 'halted' || !isSpent(noted, haltPolicy, now)) return tried;
  await describeHalt(tx, actor.tenant, entry.key, tried.error);
  return keepOutcome(tx, rules, actor, entry, buried);
}

const buried: Outcome = {
  status: 'dead',
  error: {
    code: 'halted' satisfies DeadCode,
    message: 'The server failed at this again and again; operations have been given it to settle',
  },
};
