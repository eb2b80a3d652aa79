import type { Outcome } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable, readsOnly, rowsOf, textArray } from '../db/database.ts';
import { ProblemError } from '../problem.ts';
import type { Actor } from './actor.ts';
import { diedBefore } from './attempt-log.ts';
import { type Halt, haltColumns, type HaltRow, haltsByKey } from './halt-store.ts';
import { receiptColumns, type ReceiptRow, receiptsByKey, type StoredReceipt } from './receipt-store.ts';
import { unawaited } from './transaction.ts';

/** What was done under one id of a client's log, where the receipt of that very mutation does not say it. */
export interface Slot {
  readonly id: number;
  readonly key: string;
  readonly content: string;
  /** Kept here where no receipt of this mutation stands. */
  readonly outcome: Outcome | null;
}

/** What a push needs to know of its client and its mutations, read under the client's lock. */
export interface ClientLog {
  /** How far it has come, and up to which id the device has stored its receipts. */
  readonly last: number;
  readonly acked: number;
  readonly slots: Map<number, Slot>;
  readonly receipts: Map<string, StoredReceipt>;
  readonly halts: ReadonlyMap<string, Halt>;
  /** Whether an earlier push of this client began and nothing is known of its end: its process may have died of it. */
  readonly diedBefore: boolean;
}

/**
 * Locks a client's row for the rest of the transaction, makes it at first use, and reads what stands under the ids and
 * keys of a chunk of its log.
 *
 * @throws ProblemError `client_owned_by_another`
 */
export async function openClientLog(
  tx: Queryable,
  actor: Actor,
  clientId: string,
  mutations: readonly { readonly id: number; readonly entry: { readonly key: string } }[],
): Promise<ClientLog> {
  const ids = mutations.map(({ id }) => id);
  const keys = mutations.map(({ entry }) => entry.key);
  const open = () =>
    Promise.all([lockClient(tx, actor, clientId), readUnderLock(tx, actor.tenant, clientId, ids, keys)]);
  let [row, found] = await open();
  if (row === undefined) {
    await tx.execute(
      sql`insert into sync.clients (tenant, client_id, actor) values (${actor.tenant}, ${clientId}, ${actor.id}) on conflict do nothing`,
    );
    [row, found] = await open();
  }
  return { last: ownedBy(actor, clientId, row), acked: Number(row?.acked ?? 0), ...found };
}

interface ClientRow {
  readonly actor: string;
  readonly last: string | number;
  readonly acked: string | number;
}

async function lockClient(tx: Queryable, actor: Actor, clientId: string): Promise<ClientRow | undefined> {
  const [row] = await rowsOf<ClientRow>(
    tx,
    sql`${readsOnly}select actor, last_mutation_id as last, acked from sync.clients
        where tenant = ${actor.tenant} and client_id = ${clientId} for update`,
  );
  return row;
}

/** A statement of its own behind the lock, with a snapshot of its own: who held the lock before has committed by then. */
async function readUnderLock(
  tx: Queryable,
  tenant: string,
  clientId: string,
  ids: readonly number[],
  keys: readonly string[],
): Promise<Omit<ClientLog, 'last' | 'acked'>> {
  const keyed = sql`tenant = ${tenant} and key = any(${textArray(keys, 'uuid')})`;
  const [row] = await rowsOf<{
    slots: readonly Slot[] | null;
    receipts: readonly ReceiptRow[] | null;
    halts: readonly HaltRow[] | null;
    died: boolean;
  }>(
    tx,
    sql`${readsOnly}select
          (select json_agg(s) from (
            select id, key, content, outcome from sync.slots
            where tenant = ${tenant} and client_id = ${clientId} and id = any(${textArray(ids.map(String), 'bigint')})) s) as slots,
          (select json_agg(r) from (select ${receiptColumns} from sync.receipts where ${keyed}) r) as receipts,
          (select json_agg(h) from (select ${haltColumns} from sync.halts where ${keyed}) h) as halts,
          ${diedBefore(tenant, clientId)} as died`,
  );
  return {
    slots: new Map((row?.slots ?? []).map((slot) => [slot.id, slot])),
    receipts: receiptsByKey(row?.receipts ?? []),
    halts: haltsByKey(row?.halts ?? []),
    diedBefore: row?.died === true,
  };
}

function ownedBy(actor: Actor, clientId: string, row: Pick<ClientRow, 'actor' | 'last'> | undefined): number {
  if (row === undefined) throw new Error(`the row of client ${clientId} is not to be seen`);
  if (row.actor !== actor.id) {
    throw new ProblemError(
      'client_owned_by_another',
      `The client id ${clientId} belongs to another actor: each needs an id of its own`,
    );
  }
  return Number(row.last);
}

/** What a request says of its client besides its mutations. */
export interface ClientFacts {
  readonly clientId: string;
  readonly ack: number;
  readonly model: number;
  readonly clockErrorMs: number;
  readonly now: Date;
}

/**
 * Moves a client's log on. Also when nothing was new: an answer never rests on a read alone.
 *
 * @param ends the push's attempt, and whether those that died before it end too
 */
export function moveClient(
  tx: Queryable,
  tenant: string,
  facts: ClientFacts,
  last: number,
  slots: readonly Slot[],
  ends: { readonly attempt: string | undefined; readonly before: boolean },
): void {
  unawaited(
    tx,
    sql`with moved as (
          update sync.clients set last_mutation_id = ${last}, acked = greatest(acked, ${facts.ack}::bigint), model = ${facts.model},
            clock_error_ms = ${facts.clockErrorMs}, last_seen_at = ${facts.now.toISOString()}::timestamptz
          where tenant = ${tenant} and client_id = ${facts.clientId}
        ), ended as (
          delete from sync.attempts where tenant = ${tenant} and subject = ${facts.clientId} and (id = ${ends.attempt ?? null} or ${ends.before})
        ), acknowledged as (
          delete from sync.slots where tenant = ${tenant} and client_id = ${facts.clientId} and id <= ${facts.ack}::bigint
        )
        insert into sync.slots (tenant, client_id, id, key, content, outcome)
        select ${tenant}, ${facts.clientId}, s.id, s.key, s.content, s.outcome
        from json_to_recordset(${jsonParameter(slots)}) as s (id bigint, key uuid, content text, outcome json)
        where s.id > ${facts.ack}::bigint`,
  );
}
