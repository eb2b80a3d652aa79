import type { Sql } from 'postgres';
import { buggyDelivery } from './app-bug.ts';

/** What each tenant has before a workload: deliveries of the agent a1, but for one. */
export interface DeliverySeed {
  readonly id: string;
  readonly kind: 'collection' | 'disbursement';
  readonly agentId: string;
  readonly loanId: string;
  readonly amountPaise: number;
}

const collection = (id: string, loanId = `LOAN-${id}`, agentId = 'a1'): DeliverySeed => ({
  ...{ id, kind: 'collection', agentId, loanId, amountPaise: 124_000 },
});

export const deliverySeeds = {
  c1: collection('c1'),
  c2: collection('c2'),
  /** The instalments of c1 and of c2 once more. */
  c1again: collection('c1again', 'LOAN-c1'),
  c1third: collection('c1third', 'LOAN-c1'),
  c2again: collection('c2again', 'LOAN-c2'),
  c3: collection('c3'),
  c4: collection('c4'),
  p1: { id: 'p1', kind: 'disbursement', agentId: 'a1', loanId: 'LOAN-p1', amountPaise: 500_000 },
  others: collection('others', 'LOAN-others', 'a2'),
  bug: collection(buggyDelivery),
} as const satisfies Record<string, DeliverySeed>;

const rows = Object.values(deliverySeeds);

/** Makes the ground of some tenants, published. */
export async function layGround(sql: Sql, tenants: readonly string[]): Promise<void> {
  const names = [...tenants];
  await sql`
    insert into agents (tenant, id, name, phone, region_id)
    select t, a, 'Asha', '+910000000001', 'north' from unnest(${names}::text[]) t, unnest(array['a1', 'a2']) a`;
  await sql`
    insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id,
      loan_id, instalment_no, amount_paise, due_on)
    select t, d.id, d.kind, d."agentId", 'north', 'Bodh Gaya', '824231', 'Asha Devi', '+910000000002', 'bfil', d."loanId",
      case d.kind when 'collection' then 1 end, d."amountPaise", '2026-11-22'
    from unnest(${names}::text[]) t,
      jsonb_to_recordset(${sql.json(rows.map((row) => ({ ...row })))}) as d (id text, kind text, "agentId" text, "loanId" text, "amountPaise" bigint)`;
  await sql`
    insert into disbursements (tenant, id, delivery_id, mfi_id, loan_id, amount_paise, region_id)
    select tenant, 'b-' || id, id, mfi_id, loan_id, amount_paise, region_id from deliveries
    where tenant = any(${names}::text[]) and kind = 'disbursement'`;
  for (const tenant of names) await sql`select count(*) from sync.publish(${tenant}, null, null)`;
}
