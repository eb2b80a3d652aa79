import type { Outcome } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { jsonParameter, type Queryable, rowsOf, textArray } from '../db/database.ts';
import { toStorableText } from '../db/text.ts';

/** A receipt as it is kept. */
export interface StoredReceipt {
  readonly key: string;
  readonly actor: string;
  /** The slot that it was written for; null over REST. */
  readonly clientId: string | null;
  readonly mutationId: number | null;
  readonly content: string;
  readonly outcome: Outcome;
}

/** Everything about a mutation that its receipt records besides the outcome: who, what, when, how wrong the clock was. */
export interface ReceiptFacts {
  readonly key: string;
  readonly actor: string;
  readonly role: string;
  /** All claims of the token; kept with a dead letter, which is run again as its actor. */
  readonly claims: Readonly<Record<string, unknown>>;
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

/** A receipt as `receiptColumns` reads it. */
export interface ReceiptRow {
  readonly key: string;
  readonly actor: string;
  readonly client_id: string | null;
  readonly mutation_id: string | number | null;
  readonly content: string;
  readonly status: Outcome['status'];
  readonly result: unknown;
  readonly error: Outcome['error'] | null;
}

export const receiptColumns = sql.raw('key, actor, client_id, mutation_id, content, status, result, error');

/** The receipts that stand under these keys, by key. */
async function findReceipts(
  tx: Queryable,
  tenant: string,
  keys: readonly string[],
): Promise<Map<string, StoredReceipt>> {
  if (keys.length === 0) return new Map();
  const rows = await rowsOf<ReceiptRow>(
    tx,
    sql`select ${receiptColumns} from sync.receipts where tenant = ${tenant} and key = any(${textArray(keys, 'uuid')})`,
  );
  return receiptsByKey(rows);
}

export function receiptsByKey(rows: readonly ReceiptRow[]): Map<string, StoredReceipt> {
  return new Map(
    rows.map((row) => [
      row.key,
      {
        key: row.key,
        actor: row.actor,
        clientId: row.client_id,
        mutationId: row.mutation_id === null ? null : Number(row.mutation_id),
        content: row.content,
        outcome: outcomeOf(row),
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

/** A receipt to be written. */
export interface NewReceipt {
  readonly facts: ReceiptFacts;
  readonly outcome: Outcome;
}

/**
 * Writes receipts, but for those under whose keys one stands already. Waits for transactions that are writing the same keys.
 *
 * @returns how many were written
 */
export async function writeReceipts(tx: Queryable, tenant: string, receipts: readonly NewReceipt[]): Promise<number> {
  const rows = receipts.map(({ facts, outcome }) => ({
    key: facts.key,
    actor: facts.actor,
    role: facts.role,
    client_id: facts.clientId,
    mutation_id: facts.mutationId,
    // That of a dead letter is whatever somebody sent.
    name: toStorableText(facts.name),
    args: jsonText(facts.args),
    content: facts.content,
    status: outcome.status,
    result: jsonText(outcome.result),
    error: jsonText(outcome.error),
    model: facts.model,
    device_ms: facts.deviceAt?.getTime(),
    clock_error_ms: facts.clockErrorMs,
    server_ms: facts.now.getTime(),
    claims: outcome.status === 'dead' ? jsonText(facts.claims) : undefined,
  }));
  const written = await rowsOf(
    tx,
    sql`insert into sync.receipts (tenant, key, actor, role, client_id, mutation_id, name, args, content, status, result, error,
          model, device_at, clock_error_ms, server_at, claims)
        select ${tenant}, r.key, r.actor, r.role, r.client_id, r.mutation_id, r.name, r.args::json, r.content, r.status,
          r.result::json, r.error::json, r.model, to_timestamp(r.device_ms / 1000), r.clock_error_ms, to_timestamp(r.server_ms / 1000), r.claims::json
        from json_to_recordset(${jsonParameter(rows)}) as r (key uuid, actor text, role text, client_id text, mutation_id bigint, name text,
          args text, content text, status text, result text, error text, model integer, device_ms float8, clock_error_ms bigint,
          server_ms float8, claims text)
        on conflict (tenant, key) do nothing returning key`,
  );
  return written.length;
}

/** As `writeReceipts`, of one: whether it was written. */
export async function writeReceipt(
  tx: Queryable,
  tenant: string,
  facts: ReceiptFacts,
  outcome: Outcome,
): Promise<boolean> {
  return (await writeReceipts(tx, tenant, [{ facts, outcome }])) === 1;
}

/** As text inside of JSON, which PostgreSQL then keeps as it is: it would choke on escapes that it had to resolve. */
function jsonText(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
