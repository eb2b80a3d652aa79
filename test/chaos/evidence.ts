import type { Outcome } from '@ekbaar/sdk/protocol';
import type { Sql, TransactionSql } from 'postgres';

export interface ReceiptRow {
  readonly tenant: string;
  readonly key: string;
  readonly actor: string;
  readonly role: string;
  readonly clientId: string | null;
  readonly mutationId: number | null;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly status: Outcome['status'];
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: NonNullable<Outcome['error']> | null;
  /** When its transaction committed, in microseconds; needs `track_commit_timestamp`. Null when not known. */
  readonly committedAt: number | null;
}

/** A synced row as its scopes' readers must see it. */
export interface SyncedRow {
  readonly tenant: string;
  readonly collection: string;
  readonly id: string;
  readonly scopes: readonly string[];
  readonly row: Readonly<Record<string, unknown>>;
}

export interface LedgerRow {
  readonly tenant: string;
  readonly deliveryId: string;
  readonly kind: string;
  readonly accountId: string;
  readonly amountPaise: number;
  readonly agentId: string;
  readonly key: string;
}

/** Everything that the tables say at the end, read past whatever is under test. */
export interface Evidence {
  readonly receipts: readonly ReceiptRow[];
  readonly rows: readonly SyncedRow[];
  readonly ledger: readonly LedgerRow[];
  readonly jobs: readonly { readonly name: string; readonly key: string; readonly tenant: string }[];
  readonly once: readonly {
    readonly tenant: string;
    readonly mutation: string;
    readonly value: string;
    readonly key: string;
  }[];
  readonly track: readonly {
    readonly tenant: string;
    readonly agentId: string;
    readonly key: string;
    readonly at: string;
    /** Made up by the seed: nobody sent it. */
    readonly demo: boolean;
  }[];
  readonly closings: readonly {
    readonly tenant: string;
    readonly agentId: string;
    readonly date: string;
    readonly counted: readonly number[];
    readonly ledger: readonly number[];
  }[];
  readonly scopes: readonly {
    readonly tenant: string;
    readonly scope: string;
    readonly version: number;
    readonly rows: number;
    readonly checksum: string;
  }[];
  readonly changes: readonly {
    readonly tenant: string;
    readonly scope: string;
    readonly collection: string;
    readonly id: string;
    readonly version: number;
    readonly tag: number;
  }[];
  /** Marks that nobody has published. */
  readonly dirty: number;
}

const moment = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Written out here, and not taken from the model: what readers see must not be checked against itself. */
const synced = `
  select tenant, 'agents' as collection, id, json_build_array('agent:' || id, 'region:' || region_id) as scopes,
    json_build_object('id', id, 'name', name, 'phone', phone, 'regionId', region_id, 'active', active) as row
  from agents
  union all
  select tenant, 'deliveries', id, json_build_array('agent:' || agent_id, 'region:' || region_id),
    json_build_object('id', id, 'kind', kind, 'status', status, 'agentId', agent_id, 'regionId', region_id,
      'village', village, 'pincode', pincode, 'customerName', customer_name, 'customerPhone', customer_phone,
      'mfiId', mfi_id, 'loanId', loan_id, 'instalmentNo', instalment_no, 'amountPaise', amount_paise, 'dueOn', due_on,
      'confirmedAt', ${moment('confirmed_at')}, 'receiptNo', receipt_no, 'failReason', fail_reason)
  from deliveries
  union all
  select tenant, 'disbursements', id, json_build_array('region:' || region_id),
    json_build_object('id', id, 'deliveryId', delivery_id, 'mfiId', mfi_id, 'loanId', loan_id, 'amountPaise', amount_paise,
      'status', status, 'bankRef', bank_ref, 'reconciledAt', ${moment('reconciled_at')}, 'regionId', region_id)
  from disbursements
  union all
  select tenant, 'agentPositions', agent_id, json_build_array('region:' || region_id),
    json_build_object('agentId', agent_id, 'lat', lat, 'lng', lng, 'accuracyM', accuracy_m, 'at', ${moment('at')}, 'regionId', region_id)
  from agent_positions
  union all
  select tenant, 'receipts', key::text, json_build_array('actor:' || actor),
    (jsonb_build_object('key', key, 'name', name, 'status', status, 'clientId', client_id, 'mutationId', mutation_id,
      'retriedAt', ${moment('retried_at')}, 'closedAt', ${moment('closed_at')}, 'closeReason', close_reason)
      || case when result is null then '{}' else jsonb_build_object('result', result) end
      || case when error is null then '{}' else jsonb_build_object('error', error) end)::json
  from sync.receipts where retried_at is not null or closed_at is not null`;

/**
 * Reads it all; inside of a transaction, what that transaction has changed.
 *
 * @param tenants only of these; all of them without
 */
export async function readEvidence(sql: Sql | TransactionSql, tenants?: readonly string[]): Promise<Evidence> {
  const read = async <Row extends object>(statement: string) => [
    ...(tenants === undefined
      ? await sql.unsafe<Row[]>(statement)
      : await sql.unsafe<Row[]>(`select * from (${statement}) as of_all where tenant = any($1::text[])`, [
          [...tenants],
        ])),
  ];
  const dirty = await read('select tenant from sync.dirty');
  const [setting] = await sql.unsafe<{ on: string }[]>(`select current_setting('track_commit_timestamp') as on`);
  // A dead letter that operations had run again commits out of order, as it may.
  const committedAt =
    setting?.on === 'on'
      ? 'case when retried_at is null then (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1e6)::float8 end'
      : 'null::float8';
  return {
    receipts: await read(`
      select tenant, key, actor, role, client_id as "clientId", mutation_id::float8 as "mutationId", name, args, status, result, error,
        ${committedAt} as "committedAt"
      from sync.receipts`),
    rows: await read(synced),
    ledger: await read(`
      select tenant, delivery_id as "deliveryId", kind, account_id as "accountId", amount_paise::float8 as "amountPaise",
        agent_id as "agentId", key from ledger_entries`),
    jobs: await read(
      `select name, data->>'key' as key, data->>'tenant' as tenant from pgboss.job where name in ('sms', 'mfi-webhook')`,
    ),
    once: await read('select tenant, mutation, value, key from sync.once'),
    track: await read(`select tenant, agent_id as "agentId", key, ${moment('at')} as at, demo from agent_track`),
    closings: await read(`
      select tenant, agent_id as "agentId", date::text as date, json_build_array(collected_paise, disbursed_paise, count) as counted,
        json_build_array(ledger_collected_paise, ledger_disbursed_paise, ledger_count) as ledger
      from day_closings`),
    scopes: await read(
      'select tenant, scope, version::float8 as version, rows::float8 as rows, checksum::text as checksum from sync.scopes',
    ),
    changes: await read(`
      select tenant, scope, collection, row_id as id, version::float8 as version, tag::float8 as tag from sync.changes`),
    dirty: dirty.length,
  };
}
