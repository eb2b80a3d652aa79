import { limits, type Mutation, type Receipt, type Stopped, type SyncRequest } from '@ekbaar/sdk/protocol';
import type { Database } from '../db/database.ts';
import { databaseFault, NeverCameBack } from '../db/fault.ts';
import type { Actor } from './actor.ts';
import type { AttemptLog } from './attempt-log.ts';
import { type Chunk, type ChunkResult, runChunk } from './chunk.ts';
import type { ClientFacts } from './client-log.ts';
import { type Halt, type HaltPolicy, haltPauseMs, noteFailure, noteTry, uncountTry } from './halt-store.ts';
import type { Rules } from './settle.ts';
import type { Moved } from './publish.ts';
import { writing } from './transaction.ts';

export interface PushContext {
  readonly database: Database;
  readonly rules: Rules;
  readonly haltPolicy: HaltPolicy;
  readonly attempts: AttemptLog;
  /** Told after each commit which scopes moved. */
  readonly onMoved: (tenant: string, moved: Moved) => void;
  /** Told of a mutator that threw. */
  readonly onHalted: (mutation: { readonly name: string; readonly id?: number }, error: unknown) => void;
}

export interface Pushed {
  readonly receipts: readonly Receipt[];
  /** How far the client's log has come. */
  readonly last: number;
  readonly stopped: Stopped | null;
}

/** What PostgreSQL's integer holds; a client may claim any version of its model. */
const mostInteger = 2 ** 31 - 1;

/**
 * Applies a request's mutations in id order, in transactions of at most 50, each mutation in a savepoint of its own or
 * in one with its likes. Receipts and effects commit together: a retry after a lost answer finds the receipts.
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
  let last = 0;
  let most: number = limits.mutationsPerTransaction;
  let noted: Halt | undefined;
  do {
    const chunk = mutations.slice(from, from + most);
    const isLast = from + chunk.length === mutations.length;
    const result = await pushChunk(context, actor, facts, { mutations: chunk, noted, isLast });
    receipts.push(...result.receipts);
    ({ last } = result);
    from += result.receipts.length;
    if (result.halted !== undefined) {
      return { receipts, last, stopped: await halt(context, actor, result.halted, noted, now) };
    }
    if (result.stopped !== null) return { receipts, last, stopped: result.stopped };
    // A mutation that has failed before, or may have, goes alone, and its try is noted before it starts.
    noted =
      result.alone === undefined
        ? undefined
        : await noteTry(context.database, actor.tenant, result.alone.key.toLowerCase(), now);
    most = noted === undefined ? limits.mutationsPerTransaction : 1;
  } while (from < mutations.length);
  return { receipts, last, stopped: null };
}

/** One transaction. Its attempt is noted before, so that nothing that kills the process goes unnoticed. */
async function pushChunk(
  context: PushContext,
  actor: Actor,
  facts: ClientFacts,
  chunk: Omit<Chunk, 'attempt' | 'onTurn'>,
): Promise<ChunkResult> {
  const { database, attempts } = context;
  const { tenant } = actor;
  const [first] = chunk.mutations;
  const attempt = first === undefined ? undefined : await attempts.begin(tenant, facts.clientId);
  let turn: Mutation | undefined;
  const onTurn = (mutation: Mutation) => void (turn = mutation);
  try {
    const { value, moved } = await writing(database, tenant, (tx) =>
      runChunk(tx, context, actor, facts, { ...chunk, attempt, onTurn }),
    );
    context.onMoved(tenant, moved);
    return value;
  } catch (error) {
    // Should the database be away, both notes stay: they cost a little care, and one try more of many.
    if (attempt !== undefined) await attempts.end(tenant, facts.clientId, attempt).catch(() => {});
    if (first !== undefined && chunk.noted !== undefined && databaseFault(error) !== undefined)
      await uncountTry(database, tenant, first.key.toLowerCase()).catch(() => {});
    // All of the transaction is undone; of a run together it is the first that goes alone next.
    if (error instanceof NeverCameBack && first !== undefined && turn !== undefined)
      return { receipts: [], last: first.id - 1, stopped: null, halted: { mutation: turn, error } };
    throw error;
  }
}

async function halt(
  context: PushContext,
  actor: Actor,
  { mutation, error }: { mutation: Mutation; error: unknown },
  noted: Halt | undefined,
  now: Date,
): Promise<Stopped> {
  context.onHalted(mutation, error);
  const key = mutation.key.toLowerCase();
  const retryAfterMs = haltPauseMs(await noteFailure(context.database, actor.tenant, key, noted, error, now));
  return { id: mutation.id, code: 'halted', retryAfterMs };
}
