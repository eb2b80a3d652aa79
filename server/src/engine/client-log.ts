import type { Outcome } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable, rowsOf, textArray } from '../db/database.ts';
import { ProblemError } from '../problem.ts';
import type { Actor } from './actor.ts';

/** What was done under one id of a client's log. */
export interface Slot {
  readonly id: number;
  readonly key: string;
  readonly content: string;
  /** Kept here where no receipt of this mutation stands. */
  readonly outcome: Outcome | null;
}

/**
 * Locks a client's row for the rest of the transaction and tells how far its log has come; makes it at first use.
 *
 * @throws ProblemError `client_owned_by_another`
 */
export async function lockClient(tx: Queryable, actor: Actor, clientId: string): Promise<number> {
  const find = () =>
    rowsOf<{ actor: string; last: string | number }>(
      tx,
      sql`select actor, last_mutation_id as last from sync.clients
          where tenant = ${actor.tenant} and client_id = ${clientId} for update`,
    );
  let [row] = await find();
  if (row === undefined) {
    await tx.execute(
      sql`insert into sync.clients (tenant, client_id, actor) values (${actor.tenant}, ${clientId}, ${actor.id}) on conflict do nothing`,
    );
    [row] = await find();
  }
  return ownedBy(actor, clientId, row);
}

/** How far a client's log has come in this snapshot; undefined for a client never seen. */
export async function readClient(tx: Queryable, actor: Actor, clientId: string): Promise<number | undefined> {
  const [row] = await rowsOf<{ actor: string; last: string | number }>(
    tx,
    sql`select actor, last_mutation_id as last from sync.clients where tenant = ${actor.tenant} and client_id = ${clientId}`,
  );
  return row === undefined ? undefined : ownedBy(actor, clientId, row);
}

function ownedBy(actor: Actor, clientId: string, row: { actor: string; last: string | number } | undefined): number {
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

/** Moves a client's log on. Also when nothing was new: an answer never rests on a read alone. */
export async function moveClient(
  tx: Queryable,
  tenant: string,
  facts: ClientFacts,
  last: number,
  slots: readonly Slot[],
): Promise<void> {
  await tx.execute(
    sql`update sync.clients set last_mutation_id = ${last}, acked = greatest(acked, ${facts.ack}::bigint), model = ${facts.model},
          clock_error_ms = ${facts.clockErrorMs}, last_seen_at = ${facts.now.toISOString()}::timestamptz
        where tenant = ${tenant} and client_id = ${facts.clientId}`,
  );
  if (slots.length === 0) return;
  await tx.execute(
    sql`insert into sync.slots (tenant, client_id, id, key, content, outcome)
        select ${tenant}, ${facts.clientId}, s.id, s.key, s.content, s.outcome
        from json_to_recordset(${jsonParameter(slots)}) as s (id bigint, key uuid, content text, outcome json)`,
  );
}

export async function findSlots(
  tx: Queryable,
  tenant: string,
  clientId: string,
  ids: readonly number[],
): Promise<Map<number, Slot>> {
  const rows = await rowsOf<{ id: string | number; key: string; content: string; outcome: Outcome | null }>(
    tx,
    sql`select id, key, content, outcome from sync.slots
        where tenant = ${tenant} and client_id = ${clientId} and id = any(${textArray(ids.map(String))}::bigint[])`,
  );
  return new Map(rows.map((row) => [Number(row.id), { ...row, id: Number(row.id) }]));
}
