import { IdempotencyKey } from '@ekbaar/sdk/protocol';
import type { DeadLetter, DeadLetterPage, ReceiptPage, RecordedReceipt } from '@ekbaar/sdk/protocol/admin';
import { type SQL, sql } from 'drizzle-orm';
import { type Queryable, rowsOf } from '../db/database.ts';
import { isoMoment } from '../db/moment.ts';
import { bytesPerPage } from './changes.ts';
import { decodePageCursor, encodePageCursor, foreignCursor } from './page-cursor.ts';

/** A page of a list: as many as `limit`, after the one that `cursor` names. */
export interface ListRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Which dead letters; all that are open without a name. */
export interface DeadLetterRequest extends ListRequest {
  readonly name?: string | undefined;
}

/** Which receipts; those given must all fit. */
export interface ReceiptRequest extends ListRequest {
  readonly actor?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: RecordedReceipt['status'] | undefined;
  /** By the server's time: from this moment on, and before that one. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** As `columns` reads it. */
type Row = Omit<DeadLetter, 'error'> & { error: DeadLetter['error'] | null; micros: string | number };

/** Its place in a list, and whether it is on the page. */
interface Weight {
  readonly bytes: number;
  readonly nth: string | number;
  /** How many were read, one more than a page at most. */
  readonly found: number;
  readonly goes: boolean;
}

/** `r` is the receipt, `h` the halt that may stand under its key. */
const columns = sql.raw(
  [
    ...['r.key', 'r.name', 'r.args', 'r.actor', 'r.role', 'r.model', 'r.status', 'r.result', 'r.error'],
    ...['r.client_id as "clientId"', 'r.mutation_id::float8 as "mutationId"'],
    ...[`${isoMoment('r.device_at')} as "deviceAt"`, `${isoMoment('r.server_at')} as "serverAt"`],
    ...['r.clock_error_ms::float8 as "clockErrorMs"', `${isoMoment('r.retried_at')} as "retriedAt"`],
    ...[`${isoMoment('r.closed_at')} as "closedAt"`, 'r.close_reason as "closeReason"'],
    ...['coalesce(h.tries, 0) as tries', `${isoMoment('h.last_at')} as "lastTriedAt"`, 'h.error as "lastError"'],
    '(extract(epoch from r.server_at) * 1000000)::bigint as micros',
  ].join(', '),
);

const from = sql`sync.receipts r left join sync.halts h on h.tenant = r.tenant and h.key = r.key`;

/** The open dead letters of a tenant, the oldest first. @throws ProblemError `malformed` for a cursor that is none */
export async function deadLetterPage(
  tx: Queryable,
  tenant: string,
  { name, limit, cursor }: DeadLetterRequest,
): Promise<DeadLetterPage> {
  const conditions = [sql`r.tenant = ${tenant} and r.status = 'dead' and r.closed_at is null`];
  if (name !== undefined) conditions.push(sql`r.name = ${name}`);
  if (cursor !== undefined) conditions.push(sql`(r.server_at, r.key) > ${position('dead-letters', cursor)}`);
  const { rows, next } = await page(tx, 'dead-letters', conditions, 'asc', limit);
  return { deadLetters: rows.map(deadLetter), next };
}

/** Receipts as the audit log that they are, the newest first. @throws ProblemError `malformed` for a cursor that is none */
export async function receiptPage(tx: Queryable, tenant: string, request: ReceiptRequest): Promise<ReceiptPage> {
  const { actor, name, status, limit, cursor } = request;
  const conditions = [sql`r.tenant = ${tenant}`];
  if (actor !== undefined) conditions.push(sql`r.actor = ${actor}`);
  if (name !== undefined) conditions.push(sql`r.name = ${name}`);
  if (status !== undefined) conditions.push(sql`r.status = ${status}`);
  if (request.from !== undefined) conditions.push(sql`r.server_at >= ${moment(request.from)}`);
  if (request.to !== undefined) conditions.push(sql`r.server_at < ${moment(request.to)}`);
  if (cursor !== undefined) conditions.push(sql`(r.server_at, r.key) < ${position('receipts', cursor)}`);
  const { rows, next } = await page(tx, 'receipts', conditions, 'desc', limit);
  return { receipts: rows.map(recorded), next };
}

/** As many in order as fill a page, by their number or by their bytes: the one that fills it still goes. */
async function page(
  tx: Queryable,
  list: string,
  conditions: readonly SQL[],
  order: 'asc' | 'desc',
  limit: number,
): Promise<{ rows: Row[]; next: string | null }> {
  const inOrder = sql.raw(`order by r.server_at ${order}, r.key ${order}`);
  const found = await rowsOf<Row & Weight>(
    tx,
    sql`select * from (
          select *, count(*) over ()::int as found, nth <= ${limit} and sum(bytes) over (order by nth) - bytes < ${bytesPerPage} as goes
          from (
            select ${columns}, octet_length(r::text) as bytes, row_number() over (${inOrder}) as nth
            from ${from} where ${sql.join([...conditions], sql` and `)} ${inOrder} limit ${limit + 1}
          ) listed
        ) weighed where goes order by nth`,
  );
  const last = found.at(-1);
  return {
    rows: found.map(({ bytes: _, nth: _n, found: _f, goes: _g, ...row }) => row),
    next:
      last === undefined || last.found === found.length ? null : encodePageCursor(list, String(last.micros), last.key),
  };
}

/** The receipt that stands under a key, with the tries that failed. */
export async function recordedReceipt(tx: Queryable, tenant: string, key: string): Promise<DeadLetter | undefined> {
  const [row] = await rowsOf<Row>(
    tx,
    sql`select ${columns} from ${from} where r.tenant = ${tenant} and r.key = ${key}`,
  );
  return row && deadLetter(row);
}

function deadLetter(row: Row): DeadLetter {
  const { tries, lastTriedAt, lastError } = row;
  return { ...recorded(row), tries, lastTriedAt, lastError };
}

function recorded({
  micros: _,
  tries: _t,
  lastTriedAt: _at,
  lastError: _e,
  result,
  error,
  ...row
}: Row): RecordedReceipt {
  return { ...row, ...(result === null ? {} : { result }), ...(error === null ? {} : { error }) };
}

/** Microseconds, as PostgreSQL has them: two receipts of one millisecond keep their order. */
function position(list: string, cursor: string): SQL {
  const [micros, key] = decodePageCursor(cursor, list);
  if (micros === null || !/^\d{1,16}$/.test(micros) || !IdempotencyKey.safeParse(key).success) throw foreignCursor();
  return sql`('epoch'::timestamptz + ${micros}::text::float8 * interval '1 microsecond', ${key}::text::uuid)`;
}

/** By milliseconds: PostgreSQL does not read every year that ISO 8601 can write. */
function moment(at: Date): SQL {
  return sql`to_timestamp(${at.getTime()}::float8 / 1000)`;
}
