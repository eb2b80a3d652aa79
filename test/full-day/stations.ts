import type { Sql, TransactionSql } from 'postgres';

type Reader = Sql | TransactionSql;

export interface GivenDelivery {
  readonly tenant: string;
  readonly id: string;
  readonly kind: 'collection' | 'disbursement';
  readonly agentId: string;
  readonly loanId: string;
  readonly instalmentNo: number | null;
  readonly mfiId: string;
  readonly paise: number;
  /** Of a disbursement. */
  readonly disbursementId: string | null;
}

/** The day as it was given, read before anybody worked. */
export function readGiven(sql: Reader): Promise<GivenDelivery[]> {
  return sql<GivenDelivery[]>`
    select v.tenant, v.id, v.kind, v.agent_id as "agentId", v.loan_id as "loanId", v.instalment_no as "instalmentNo",
      v.mfi_id as "mfiId", v.amount_paise::float8 as paise, d.id as "disbursementId"
    from deliveries v left join disbursements d on d.tenant = v.tenant and d.delivery_id = v.id order by 1, 2`;
}

/** Everything that the database says after the day: the stations that money passes on the server's side. */
export async function readStations(sql: Reader) {
  return {
    receipts: await sql<
      {
        tenant: string;
        key: string;
        name: string;
        actor: string;
        status: string;
        code: string | null;
        deliveryId: string | null;
        paise: number | null;
        receiptNo: string | null;
      }[]
    >`select tenant, key, name, actor, status, error->>'code' as code, args->>'deliveryId' as "deliveryId",
        (args->>'amountPaise')::float8 as paise, result->>'receiptNo' as "receiptNo"
      from sync.receipts where name <> 'reconcileDisbursement' order by tenant, key`,
    deliveries: await sql<
      { tenant: string; id: string; status: string; agentId: string; paise: number; receiptNo: string | null }[]
    >`select tenant, id, status, agent_id as "agentId", amount_paise::float8 as paise, receipt_no as "receiptNo"
      from deliveries order by 1, 2`,
    ledger: await sql<
      { tenant: string; deliveryId: string; kind: string; accountId: string; key: string; paise: number }[]
    >`select tenant, delivery_id as "deliveryId", kind, account_id as "accountId", key, amount_paise::float8 as paise
      from ledger_entries order by 1, 2, 3`,
    jobs: await sql<{ tenant: string; name: string; deliveryId: string; paise: number | null; state: string }[]>`
      select data->>'tenant' as tenant, name, data->>'deliveryId' as "deliveryId",
        (data->>'amountPaise')::float8 as paise, state::text as state
      from pgboss.job where name in ('sms', 'mfi-webhook', 'payment') or name like '%-dead' order by 1, 2, 3`,
    payouts: await sql<
      { tenant: string; id: string; deliveryId: string; agentId: string; paise: number; status: string }[]
    >`select tenant, id, delivery_id as "deliveryId", agent_id as "agentId", amount_paise::float8 as paise, status
      from payouts order by 1, 3`,
    messages: await sql<{ tenant: string; channel: string; deliveryId: string | null; status: string }[]>`
      select tenant, channel, delivery_id as "deliveryId", status from outgoing_messages order by 1, 2, 3`,
    disbursements: await sql<
      { tenant: string; id: string; deliveryId: string; status: string; paise: number; bankRef: string | null }[]
    >`select tenant, id, delivery_id as "deliveryId", status, amount_paise::float8 as paise, bank_ref as "bankRef"
      from disbursements order by 1, 2`,
    posted: await sql<{ tenant: string; disbursementId: string; paise: number; status: string; said: string | null }[]>`
      select tenant, args->>'disbursementId' as "disbursementId", (args->>'amountPaise')::float8 as paise, status,
        result->>'status' as said
      from sync.receipts where name = 'reconcileDisbursement' order by 1, 2`,
    lines: await sql<{ tenant: string; group: string; disbursementId: string | null; paise: number | null }[]>`
      select tenant, line_group as "group", disbursement_id as "disbursementId", amount_paise::float8 as paise
      from settlement_lines where kind = 'payment' order by tenant, no`,
    items: await sql<{ tenant: string; group: string; disbursementId: string; ours: number; banks: number | null }[]>`
      select tenant, item_group as "group", disbursement_id as "disbursementId", our_paise::float8 as ours,
        bank_paise::float8 as banks
      from settlement_items order by 1, 3`,
    runs: await sql<{ tenant: string; state: string }[]>`select tenant, state from settlement_runs order by 1`,
    track: await sql<{ tenant: string; agentId: string; key: string }[]>`
      select tenant, agent_id as "agentId", key from agent_track order by 1, 2, 3`,
  };
}

export type Stations = Awaited<ReturnType<typeof readStations>>;
