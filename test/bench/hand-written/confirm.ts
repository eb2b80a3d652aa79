import { createHash } from 'node:crypto';
import type { Sql } from 'postgres';

export interface Confirmation {
  readonly key: string;
  readonly deliveryId: string;
  readonly amountPaise: number;
  /** ISO 8601. */
  readonly confirmedAt: string;
}

export interface Agent {
  readonly tenant: string;
  readonly id: string;
}

export type Receipt =
  | { readonly key: string; readonly status: 'applied'; readonly result: { readonly receiptNo: string } }
  | { readonly key: string; readonly status: 'rejected'; readonly error: { readonly code: string } };

/** One confirmation in one statement, which is its own transaction: one round trip, one flush. */
export async function confirmOne(sql: Sql, agent: Agent, one: Confirmation): Promise<Receipt> {
  const [row] = await sql<{ known: Receipt | null; hash: string | null; done: boolean }[]>`
    with known as (
      select response, request_hash from idempotency_keys where tenant = ${agent.tenant} and key = ${one.key}
    ), ok as (
      update deliveries set status = 'confirmed', confirmed_at = least(${one.confirmedAt}::timestamptz, now()),
        receipt_no = ${receiptNumber(one.key)}, fail_reason = null
      where tenant = ${agent.tenant} and id = ${one.deliveryId} and agent_id = ${agent.id}
        and status in ('pending', 'failed') and amount_paise = ${one.amountPaise} and not exists (select from known)
      returning *
    ), paid as (
      update disbursements b set status = 'disbursed' from ok
      where ok.kind = 'disbursement' and b.tenant = ok.tenant and b.delivery_id = ok.id
    ), accounts as (
      insert into ledger_accounts (tenant, id, kind)
      select ok.tenant, a.id, a.kind from ok
      cross join lateral (values ('agent_cash:' || ok.agent_id, 'agent_cash'), ('mfi:' || ok.mfi_id, 'mfi')) a (id, kind)
      on conflict do nothing
    ), entries as (
      insert into ledger_entries (tenant, delivery_id, kind, account_id, amount_paise, agent_id, key, at)
      select ok.tenant, ok.id, e.kind,
        case when (ok.kind = 'collection') = (e.kind = 'debit') then 'agent_cash:' || ok.agent_id else 'mfi:' || ok.mfi_id end,
        ok.amount_paise, ok.agent_id, ${one.key}::uuid, ok.confirmed_at
      from ok cross join (values ('debit'), ('credit')) e (kind)
    ), jobs as (
      insert into outbox_jobs (tenant, queue, data)
      select ok.tenant, j.queue, json_build_object('key', ${one.key}::text, 'deliveryId', ok.id, 'kind', ok.kind,
        'amountPaise', ok.amount_paise, 'receiptNo', ok.receipt_no, 'to', ok.customer_phone, 'mfiId', ok.mfi_id,
        'loanId', ok.loan_id, 'instalmentNo', ok.instalment_no)
      from ok cross join (values ('sms'), ('mfi-webhook')) j (queue)
    ), kept as (
      insert into idempotency_keys (tenant, key, actor, request_hash, response)
      select ok.tenant, ${one.key}, ok.agent_id, ${hashOf(one)},
        jsonb_build_object('key', ${one.key}::text, 'status', 'applied', 'result', json_build_object('receiptNo', ok.receipt_no))
      from ok
    )
    select (select response from known) as known, (select request_hash from known) as hash, exists (select from ok) as done`;
  if (row?.done === true) return applied(one.key);
  if (row?.known) return replayed(one, row.known, row.hash);
  return refusal(sql, agent, one);
}

/** A batch as sets: the statements of a single one, each over all rows of the batch at once. */
export async function confirmMany(sql: Sql, agent: Agent, batch: readonly Confirmation[]): Promise<Receipt[]> {
  const column = <T>(of: (one: Confirmation) => T) => batch.map(of);
  const rows = await sql<{ key: string; known: Receipt | null; hash: string | null; done: boolean }[]>`
    with items as materialized (
      select * from unnest(${column(({ key }) => key)}::uuid[], ${column(({ deliveryId }) => deliveryId)}::text[],
        ${column(({ amountPaise }) => amountPaise)}::bigint[], ${column(({ confirmedAt }) => confirmedAt)}::timestamptz[],
        ${column(({ key }) => receiptNumber(key))}::text[], ${column(hashOf)}::text[])
        as i (key, delivery_id, amount_paise, confirmed_at, receipt_no, hash)
    ), known as materialized (
      select k.key, k.response, k.request_hash from idempotency_keys k join items i on k.tenant = ${agent.tenant} and k.key = i.key
    ), mine as materialized (
      -- In one order for all, so that two batches cannot wait for each other; a delivery that comes twice counts once.
      select d.id from deliveries d
      where d.tenant = ${agent.tenant} and d.id = any (select delivery_id from items) and d.agent_id = ${agent.id}
        and d.status in ('pending', 'failed')
      order by d.id for update
    ), fit as materialized (
      select distinct on (i.delivery_id) i.* from items i join mine m on m.id = i.delivery_id
      where not exists (select from known k where k.key = i.key)
      order by i.delivery_id, i.key
    ), ok as (
      update deliveries d set status = 'confirmed', confirmed_at = least(f.confirmed_at, now()), receipt_no = f.receipt_no,
        fail_reason = null
      from fit f where d.tenant = ${agent.tenant} and d.id = f.delivery_id and d.amount_paise = f.amount_paise
      returning d.*, f.key, f.hash
    ), paid as (
      update disbursements b set status = 'disbursed' from ok
      where ok.kind = 'disbursement' and b.tenant = ok.tenant and b.delivery_id = ok.id
    ), accounts as (
      insert into ledger_accounts (tenant, id, kind)
      select distinct ok.tenant, a.id, a.kind from ok
      cross join lateral (values ('agent_cash:' || ok.agent_id, 'agent_cash'), ('mfi:' || ok.mfi_id, 'mfi')) a (id, kind)
      order by 2 on conflict do nothing
    ), entries as (
      insert into ledger_entries (tenant, delivery_id, kind, account_id, amount_paise, agent_id, key, at)
      select ok.tenant, ok.id, e.kind,
        case when (ok.kind = 'collection') = (e.kind = 'debit') then 'agent_cash:' || ok.agent_id else 'mfi:' || ok.mfi_id end,
        ok.amount_paise, ok.agent_id, ok.key, ok.confirmed_at
      from ok cross join (values ('debit'), ('credit')) e (kind)
    ), jobs as (
      insert into outbox_jobs (tenant, queue, data)
      select ok.tenant, j.queue, json_build_object('key', ok.key, 'deliveryId', ok.id, 'kind', ok.kind,
        'amountPaise', ok.amount_paise, 'receiptNo', ok.receipt_no, 'to', ok.customer_phone, 'mfiId', ok.mfi_id,
        'loanId', ok.loan_id, 'instalmentNo', ok.instalment_no)
      from ok cross join (values ('sms'), ('mfi-webhook')) j (queue)
    ), kept as (
      insert into idempotency_keys (tenant, key, actor, request_hash, response)
      select ok.tenant, ok.key, ok.agent_id, ok.hash,
        jsonb_build_object('key', ok.key, 'status', 'applied', 'result', json_build_object('receiptNo', ok.receipt_no))
      from ok
    )
    select i.key, k.response as known, k.request_hash as hash, exists (select from ok where ok.key = i.key) as done
    from items i left join known k on k.key = i.key`;
  const outcomes = new Map(rows.map((row) => [row.key, row]));
  return Promise.all(
    batch.map(async (one) => {
      const row = outcomes.get(one.key);
      if (row?.done === true) return applied(one.key);
      if (row?.known) return replayed(one, row.known, row.hash);
      return refusal(sql, agent, one);
    }),
  );
}

/** Why nothing was done, asked only when nothing was. Perhaps the same key was on its way at the same moment. */
async function refusal(sql: Sql, agent: Agent, one: Confirmation): Promise<Receipt> {
  const { key, deliveryId } = one;
  const [known] = await sql<{ response: Receipt; hash: string }[]>`
    select response, request_hash as hash from idempotency_keys where tenant = ${agent.tenant} and key = ${key}`;
  if (known !== undefined) return replayed(one, known.response, known.hash);
  const [delivery] = await sql<{ status: string; agent_id: string }[]>`
    select status, agent_id from deliveries where tenant = ${agent.tenant} and id = ${deliveryId}`;
  if (delivery === undefined) return rejected(key, 'not_found');
  if (delivery.agent_id !== agent.id) return rejected(key, 'not_assigned');
  if (delivery.status === 'confirmed') return rejected(key, 'already_confirmed');
  if (delivery.status === 'cancelled') return rejected(key, 'cancelled');
  return rejected(key, 'amount_mismatch');
}

function applied(key: string): Receipt {
  return { key, status: 'applied', result: { receiptNo: receiptNumber(key) } };
}

function replayed(one: Confirmation, known: Receipt, hash: string | null): Receipt {
  return hash === hashOf(one) ? known : rejected(one.key, 'key_reused');
}

function rejected(key: string, code: string): Receipt {
  return { key, status: 'rejected', error: { code } };
}

function hashOf({ deliveryId, amountPaise, confirmedAt }: Confirmation): string {
  return createHash('sha256')
    .update(JSON.stringify([deliveryId, amountPaise, confirmedAt]))
    .digest('hex');
}

/** Made as the field operation makes its own. */
function receiptNumber(key: string): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const digest = createHash('sha256').update(`receipt:${key}`).digest();
  const digits = Array.from({ length: 10 }, (_, at) => alphabet[(digest[at] ?? 0) % 32]);
  return `${digits.slice(0, 5).join('')}-${digits.slice(5).join('')}`;
}
