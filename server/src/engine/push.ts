import {
  limits,
  type Mutation,
  type Outcome,
  type Receipt,
  type Stopped,
  type SyncRequest,
} from '@ekbaar/sdk/protocol';
import type { Database, Queryable } from '../db/database.ts';
import type { Actor } from './actor.ts';
import { type ClientFacts, findSlots, lockClient, moveClient, type Slot } from './client-log.ts';
import { contentOf } from './content.ts';
import { findHalts, forgetHalt, type Halt, type HaltPolicy, haltPauseMs, isLastTry, noteHalt } from './halt-store.ts';
import { findReceipts, type StoredReceipt } from './receipt-store.ts';
import { type Entry, keepOutcome, type Rules, type Settled, settle } from './settle.ts';
import type { Moved } from './publish.ts';
import { writing } from './transaction.ts';

export interface PushContext {
  readonly database: Database;
  readonly rules: Rules;
  readonly haltPolicy: HaltPolicy;
  /** Told after each commit which scopes moved. */
  readonly onMoved: (tenant: string, moved: Moved) => void;
  /** Told of a mutator that threw. */
  readonly onHalted: (mutation: { readonly name: string; readonly id?: number }, error: unknown) => void;
}

export interface Pushed {
  readonly receipts: readonly Receipt[];
  readonly stopped: Stopped | null;
}

/** What PostgreSQL's integer holds; a client may claim any version of its model. */
const mostInteger = 2 ** 31 - 1;

/**
 * Applies a request's mutations in id order, in transactions of at most 50, each mutation in a savepoint of its own.
 * Receipts and effects commit together: a retry after a lost answer finds the receipts.
 *
 * @throws ProblemError `client_owned_by_another`, and the database's errors
 */
export async function push(context: PushContext, actor: Actor, request: SyncRequest, now: Date): Promise<Pushed> {
  const mutations = request.mutations.toSorted((a, b) => a.id - b.id);
  const facts: ClientFacts = {
    clientId: request.clientId,
    ack: request.ack,
    model: Math.min(request.model, mostInteger),
    clockErrorMs: Date.parse(request.sentAt) - now.getTime(),
    now,
  };
  const receipts: Receipt[] = [];
  let from = 0;
  do {
    const chunk = mutations.slice(from, from + limits.mutationsPerTransaction);
    const { value, moved } = await writing(context.database, actor.tenant, (tx) =>
      runChunk(tx, context, actor, facts, chunk),
    );
    context.onMoved(actor.tenant, moved);
    receipts.push(...value.receipts);
    if (value.halted !== undefined) return { receipts, stopped: await halt(context, actor, value.halted, now) };
    if (value.stopped !== null) return { receipts, stopped: value.stopped };
    from += chunk.length;
  } while (from < mutations.length);
  return { receipts, stopped: null };
}

interface ChunkResult extends Pushed {
  readonly halted?: { readonly mutation: Mutation; readonly error: unknown };
}

async function runChunk(
  tx: Queryable,
  context: PushContext,
  actor: Actor,
  facts: ClientFacts,
  chunk: readonly Mutation[],
): Promise<ChunkResult> {
  const { tenant } = actor;
  let last = await lockClient(tx, actor, facts.clientId);
  if (facts.ack > last) return { receipts: [], stopped: gap(facts.ack, last) };
  const keys = chunk.map(({ key }) => key.toLowerCase());
  const [slots, known, halts] = await Promise.all([
    findSlots(
      tx,
      tenant,
      facts.clientId,
      chunk.map(({ id }) => id).filter((id) => id <= last),
    ),
    findReceipts(tx, tenant, keys),
    findHalts(tx, tenant, keys),
  ]);
  const receipts: Receipt[] = [];
  const taken: Slot[] = [];
  const finish = async (result: Omit<ChunkResult, 'receipts'>): Promise<ChunkResult> => {
    await moveClient(tx, tenant, facts, last, taken);
    return { receipts, ...result };
  };

  for (const mutation of chunk) {
    const entry = entryOf(mutation, actor, facts);
    if (mutation.id > last + 1) return finish({ stopped: gap(mutation.id, last) });
    if (mutation.id <= last) {
      const slot = slots.get(mutation.id);
      const outcome = slot && fits(slot, entry) ? (slot.outcome ?? known.get(slot.key)?.outcome) : undefined;
      if (outcome === undefined) return finish({ stopped: { id: mutation.id, code: 'forked' } });
      receipts.push({ id: mutation.id, key: mutation.key, ...outcome, replayed: true });
      continue;
    }
    const halted = halts.get(entry.key);
    const result = await settleOrBury(tx, context, actor, entry, known.get(entry.key), halted);
    if (result.kind === 'server_outdated')
      return finish({ stopped: { id: mutation.id, code: 'server_outdated', retryAfterMs: 60_000 } });
    if (result.kind === 'halted') return finish({ stopped: null, halted: { mutation, error: result.error } });
    if (halted !== undefined) await forgetHalt(tx, tenant, entry.key);
    const { outcome, replayed, receiptKept } = result;
    const slot = {
      id: mutation.id,
      key: entry.key,
      content: entry.content.hash,
      outcome: receiptKept ? null : outcome,
    };
    taken.push(slot);
    slots.set(slot.id, slot);
    if (receiptKept && !known.has(entry.key)) {
      known.set(entry.key, { key: entry.key, actor: actor.id, content: slot.content, outcome, serverAt: facts.now });
    }
    receipts.push({ id: mutation.id, key: mutation.key, ...outcome, replayed });
    last = mutation.id;
  }
  return finish({ stopped: null });
}

/** Settles an entry; one that threw for the last time becomes a dead letter, so that the queue goes on behind it. */
async function settleOrBury(
  tx: Queryable,
  { rules, haltPolicy }: PushContext,
  actor: Actor,
  entry: Entry,
  known: StoredReceipt | undefined,
  halted: Halt | undefined,
): Promise<Settled> {
  const result = await settle(tx, rules, actor, entry, known);
  if (result.kind !== 'halted' || !isLastTry(halted, haltPolicy, entry.facts.now)) return result;
  const outcome: Outcome = {
    status: 'dead',
    error: {
      code: 'halted',
      message: 'The server failed at this again and again; operations have been given it to settle',
    },
  };
  return keepOutcome(tx, rules, actor, entry, outcome);
}

async function halt(
  context: PushContext,
  actor: Actor,
  { mutation, error }: { mutation: Mutation; error: unknown },
  now: Date,
): Promise<Stopped> {
  context.onHalted(mutation, error);
  const noted = await noteHalt(context.database, actor.tenant, mutation.key.toLowerCase(), error, now);
  return { id: mutation.id, code: 'halted', retryAfterMs: haltPauseMs(noted) };
}

function gap(id: number, last: number): Stopped {
  return { id, code: 'gap', expected: last + 1 };
}

function fits(slot: Slot, entry: Entry): boolean {
  return slot.key === entry.key && slot.content === entry.content.hash;
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
    former: mutation.receipt,
    facts: {
      key,
      actor: actor.id,
      role: actor.role,
      clientId,
      mutationId: mutation.id,
      name: mutation.name,
      // What PostgreSQL's json cannot hold is kept as the text it came as.
      args: content.unfit === undefined ? mutation.args : JSON.stringify(mutation.args),
      content: content.hash,
      model: mutation.model,
      // As an instant: PostgreSQL reads neither every offset nor every year that ISO 8601 can write.
      deviceAt: new Date(mutation.at),
      clockErrorMs,
      now,
    },
  };
}
