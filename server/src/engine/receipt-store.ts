import type { Outcome } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable, rowsOf, textArray } from '../db/database.ts';

/** A receipt as it is kept. */
export interface StoredReceipt {
  readonly key: string;
  readonly actor: string;
  readonly content: string;
  readonly outcome: Outcome;
  readonly serverAt: Date;
}

/** Everything about a mutation that its receipt records besides the outcome: who, what, when, how wrong the clock was. */
export interface ReceiptFacts {
  readonly key: string;
  readonly actor: string;
  readonly role: string;
  readonly clientId: string | null;
  readonly mutationId: number | null;
  readonly name: string;
  readonly args: unknown;
  readonly content: string;
  readonly model: number | null;
  /** The device's clock. */
  readonly deviceAt: Date | null;
  readonly clockErrorMs: number | null;
  readonly now: Date;
}

interface ReceiptRow {
  key: string;
  actor: string;
  content: string;
  status: Outcome['status'];
  result: unknown;
  error: Outcome['error'] | null;
  server_ms: number;
}

/** The receipts that stand under these keys, by key. */
export async function findReceipts(
  tx: Queryable,
  tenant: string,
  keys: readonly string[],
): Promise<Map<string, StoredReceipt>> {
  if (keys.length === 0) return new Map();
  const rows = await rowsOf<ReceiptRow>(
    tx,
    sql`select key, actor, content, status, result, error, (extract(epoch from server_at) * 1000)::float8 as server_ms from sync.receipts
        where tenant = ${tenant} and key = any(${textArray(keys)}::uuid[])`,
  );
  return new Map(
    rows.map((row) => [
      row.key,
      {
        key: row.key,
        actor: row.actor,
        content: row.content,
        outcome: outcomeOf(row),
        serverAt: new Date(row.server_ms),
      },
    ]),
  );
}

/** The receipt that stands under a key, if one does. */
export async function findReceipt(tx: Queryable, tenant: string, key: string): Promise<StoredReceipt | undefined> {
  return (await findReceipts(tx, tenant, [key])).get(key);
}

function outcomeOf({ status, result, error }: Pick<ReceiptRow, 'status' | 'result' | 'error'>): Outcome {
  return { status, ...(result === null ? {} : { result }), ...(error === null ? {} : { error }) };
}

/**
 * Writes a receipt, unless one stands under its key already. Waits for a transaction that is writing the same key.
 *
 * @returns whether it was written
 */
export async function writeReceipt(
  tx: Queryable,
  tenant: string,
  facts: ReceiptFacts,
  outcome: Outcome,
): Promise<boolean> {
  const rows = await rowsOf(
    tx,
    sql`insert into sync.receipts
          (tenant, key, actor, role, client_id, mutation_id, name, args, content, status, result, error, model, device_at, clock_error_ms, server_at)
        values (${tenant}, ${facts.key}, ${facts.actor}, ${facts.role}, ${facts.clientId}, ${facts.mutationId}, ${storable(facts.name)},
          ${jsonParameter(facts.args)}, ${facts.content}, ${outcome.status}, ${jsonParameter(outcome.result)}, ${jsonParameter(outcome.error)},
          ${facts.model}, to_timestamp(${facts.deviceAt?.getTime() ?? null}::float8 / 1000), ${facts.clockErrorMs}, ${facts.now.toISOString()}::timestamptz)
        on conflict (tenant, key) do nothing returning key`,
  );
  return rows.length === 1;
}

/** Fills in the result of a receipt that was claimed before its mutator ran. */
export async function writeResult(tx: Queryable, tenant: string, key: string, result: unknown): Promise<void> {
  await tx.execute(
    sql`update sync.receipts set result = ${jsonParameter(result)} where tenant = ${tenant} and key = ${key}`,
  );
}

/** PostgreSQL's text holds no NUL, and the name of a dead letter is whatever somebody sent. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
