import { type Mutation, type Outcome, type Receipt, type Stopped } from '@ekbaar/sdk/protocol';
import type { Queryable } from '../db/database.ts';
import { toStorableJson } from '../db/text.ts';
import type { Actor } from './actor.ts';
import { type RunEntry, settleRun } from './batch.ts';
import { settleOrBury } from './bury.ts';
import { type ClientFacts, type ClientLog, moveClient, openClientLog, type Slot } from './client-log.ts';
import { contentOf } from './content.ts';
import { forgetHalt, type Halt, type HaltPolicy } from './halt-store.ts';
import { admit, declarationOf, deferConstraints, type Entry, type Rules, type Settled } from './settle.ts';

export interface Chunk {
  readonly mutations: readonly Mutation[];
  /** The note of the push that this transaction belongs to; a push of nothing has none. */
  readonly attempt: string | undefined;
  /** The note of the try of the first mutation, where it must have one. */
  readonly noted: Halt | undefined;
  /** Whether nothing of the request comes after it. */
  readonly isLast: boolean;
  /** Told whose turn it is: of one that never comes back nobody could say which it was. */
  readonly onTurn: (mutation: Mutation) => void;
}

export interface ChunkResult {
  /** Of the mutations from the first on that have an outcome now. */
  readonly receipts: readonly Receipt[];
  /** How far the client's log has come with it. */
  readonly last: number;
  readonly stopped: Stopped | null;
  readonly halted?: { readonly mutation: Mutation; readonly error: unknown };
  /** The next mutation, which must not run before its try is noted. */
  readonly alone?: Mutation;
}

/** A mutation of the log as it came and as it is settled. */
interface Item {
  readonly id: number;
  readonly mutation: Mutation;
  readonly entry: Entry;
}

type Done = Pick<Extract<Settled, { kind: 'settled' }>, 'outcome' | 'replayed' | 'keptIn'>;

/** Applies a part of a client's log inside a transaction: in order, and nothing behind what cannot be applied. */
export async function runChunk(
  tx: Queryable,
  { rules, haltPolicy }: { readonly rules: Rules; readonly haltPolicy: HaltPolicy },
  actor: Actor,
  facts: ClientFacts,
  { mutations, attempt, noted, isLast, onTurn }: Chunk,
): Promise<ChunkResult> {
  const items = mutations.map((mutation) => ({ id: mutation.id, mutation, entry: entryOf(mutation, actor, facts) }));
  const log = await openClientLog(tx, actor, facts.clientId, items);
  let { last } = log;
  const receipts: Receipt[] = [];
  const taken: Slot[] = [];
  const finish = async (result: Omit<ChunkResult, 'receipts' | 'last'>): Promise<ChunkResult> => {
    const ends = { attempt, before: isLast && noted !== undefined };
    moveClient(tx, actor.tenant, { ...facts, ack: Math.min(facts.ack, last) }, last, taken, ends);
    return { receipts, last, ...result };
  };
  const take = (item: Item, done: Done) => {
    last = item.id;
    const slot = remember(log, item, actor, facts, done);
    if (slot !== undefined) taken.push(slot);
    receipts.push({ id: item.id, key: item.mutation.key, ...done.outcome, replayed: done.replayed });
  };

  if (facts.ack > last) return finish({ stopped: gap(facts.ack, last) });
  /** Up to here mutations go one by one: a run of them was given up. */
  let singlyUntil = 0;
  for (let at = 0; at < items.length;) {
    const item = items[at] as Item;
    const { id, entry, mutation } = item;
    if (id > last + 1) return finish({ stopped: gap(id, last) });
    if (id <= last) {
      const outcome = replayOf(log, item, facts.clientId);
      if (outcome === undefined) return finish({ stopped: { id, code: 'forked' } });
      receipts.push({ id, key: mutation.key, ...outcome, replayed: true });
      at++;
      continue;
    }
    const known = log.receipts.get(entry.key);
    const risky = log.diedBefore || log.halts.has(entry.key);
    if (risky && noted === undefined && known === undefined) return finish({ stopped: null, alone: mutation });

    onTurn(mutation);
    // What this transaction settled before had them checked at once.
    if (receipts.length > 0) deferConstraints(tx, rules);
    const batch = rules.mutators[entry.name]?.batch;
    if (batch !== undefined && at >= singlyUntil) {
      const run = runFrom(items, at, rules, actor, log);
      const outcomes = run.length > 1 ? await settleRun(tx, rules, actor.tenant, batch, run) : undefined;
      outcomes?.forEach((outcome, nth) =>
        take(items[at + nth] as Item, { outcome, replayed: false, keptIn: 'receipt' }),
      );
      if (outcomes === undefined) singlyUntil = at + run.length;
      else {
        at += outcomes.length;
        continue;
      }
    }

    const result = await settleOrBury(tx, { rules, haltPolicy }, actor, entry, known, noted);
    if (result.kind === 'server_outdated')
      return finish({ stopped: { id, code: 'server_outdated', retryAfterMs: 60_000 } });
    if (result.kind === 'halted') return finish({ stopped: null, halted: { mutation, error: result.error } });
    // Operations want to know how often a dead letter was tried, and of what it failed.
    if (noted !== undefined && result.outcome.status !== 'dead') await forgetHalt(tx, actor.tenant, entry.key);
    take(item, result);
    at++;
  }
  return finish({ stopped: null });
}

/** Keeps in mind what was done under an id, for what follows in the same chunk. @returns the slot that must say it too, if one must */
function remember(
  { slots, receipts }: ClientLog,
  { id, entry: { key, content } }: Item,
  actor: Actor,
  { clientId }: ClientFacts,
  { outcome, keptIn }: Done,
): Slot | undefined {
  if (keptIn !== 'slot' && !receipts.has(key)) {
    const mutationId = keptIn === 'receipt' ? id : null;
    receipts.set(key, { key, actor: actor.id, clientId, mutationId, content: content.hash, outcome });
  }
  // The receipt of this very mutation says it all.
  if (keptIn === 'receipt') return undefined;
  const slot = { id, key, content: content.hash, outcome: keptIn === 'slot' ? outcome : null };
  slots.set(id, slot);
  return slot;
}

/** What was answered under an id before; undefined when it was another mutation, or nobody knows any more. */
function replayOf({ slots, receipts }: ClientLog, { id, entry }: Item, clientId: string): Outcome | undefined {
  const fits = (stored: { readonly key: string; readonly content: string }) =>
    stored.key === entry.key && stored.content === entry.content.hash;
  const receipt = receipts.get(entry.key);
  const slot = slots.get(id);
  if (slot !== undefined) return fits(slot) ? (slot.outcome ?? receipt?.outcome) : undefined;
  return receipt?.clientId === clientId && receipt.mutationId === id && fits(receipt) ? receipt.outcome : undefined;
}

/** The mutations from `at` on that can be done together: new, of one name, past the guards, none of which has failed. */
function runFrom(items: readonly Item[], at: number, rules: Rules, actor: Actor, log: ClientLog) {
  const first = items[at] as Item;
  const run: RunEntry[] = [];
  if (declarationOf(rules, first.entry.name)?.audit !== true) return run;
  for (const { id, entry } of items.slice(at)) {
    const follows = entry.name === first.entry.name && id === first.id + run.length;
    const plain = entry.former === undefined && entry.replaces === undefined && entry.model <= rules.model.version;
    if (!follows || !plain || log.receipts.has(entry.key) || log.halts.has(entry.key)) break;
    const admitted = admit(rules, actor, entry);
    if (admitted.kind !== 'admitted') break;
    run.push({ actor, entry, args: admitted.args });
  }
  return run;
}

function gap(id: number, last: number): Stopped {
  return { id, code: 'gap', expected: last + 1 };
}

function entryOf(mutation: Mutation, actor: Actor, { clientId, clockErrorMs, now }: ClientFacts): Entry {
  const key = mutation.key.toLowerCase();
  const content = contentOf(mutation.name, mutation.args);
  return {
    key,
    name: mutation.name,
    args: mutation.args,
    content,
    model: mutation.model,
    at: new Date(Math.min(Date.parse(mutation.at), now.getTime())),
    // Whatever a device says it was: it is kept, and read by who has nothing to do with that device.
    former: toStorableJson(mutation.receipt),
    replaces: mutation.replaces?.toLowerCase(),
    facts: {
      key,
      actor: actor.id,
      role: actor.role,
      claims: actor.claims,
      clientId,
      mutationId: mutation.id,
      name: mutation.name,
      args: content.args,
      content: content.hash,
      model: mutation.model,
      // As an instant: PostgreSQL reads neither every offset nor every year that ISO 8601 can write.
      deviceAt: new Date(mutation.at),
      clockErrorMs,
      now,
    },
  };
}
