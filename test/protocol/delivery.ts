import { sql } from 'drizzle-orm';
import type { FieldOps } from '../support/field-ops.ts';
import type { Draft } from './device.ts';

export interface DeliveryRow {
  tenant: string;
  id: string;
  kind: 'collection' | 'disbursement';
  agentId: string;
  regionId: string;
  loanId: string;
  instalmentNo: number | null;
  amountPaise: number;
}

/** Writes a pending delivery of its own with plain SQL; a collection of ₹1,240 for agent a01 of pennco by default. */
export async function addDelivery(ekbaar: FieldOps, given: Partial<DeliveryRow> = {}): Promise<DeliveryRow> {
  const id = given.id ?? `t-${crypto.randomUUID()}`;
  const kind = given.kind ?? 'collection';
  const row: DeliveryRow = {
    ...{ tenant: 'pennco', id, kind, agentId: 'a01', regionId: 'IN-BR-test', amountPaise: 124_000 },
    ...{ loanId: `LOAN-${id.slice(0, 40)}`, instalmentNo: kind === 'collection' ? 1 : null },
    ...given,
  };
  await ekbaar.query(sql`
    insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id,
      loan_id, instalment_no, amount_paise, due_on)
    values (${row.tenant}, ${row.id}, ${row.kind}, ${row.agentId}, ${row.regionId}, 'Bodh Gaya', '824231', 'Asha Devi',
      '+910000000001', 'bfil', ${row.loanId}, ${row.instalmentNo}, ${row.amountPaise}, '2026-11-22')`);
  if (kind === 'disbursement') {
    await ekbaar.query(sql`
      insert into disbursements (tenant, id, delivery_id, mfi_id, loan_id, amount_paise, region_id)
      values (${row.tenant}, ${`b-${row.id}`}, ${row.id}, 'bfil', ${row.loanId}, ${row.amountPaise}, ${row.regionId})`);
  }
  return row;
}

/** The mutation that confirms it. */
export function confirm(
  { id, amountPaise }: Pick<DeliveryRow, 'id' | 'amountPaise'>,
  over: Partial<Draft> = {},
): Draft {
  return {
    name: 'confirmDelivery',
    args: { deliveryId: id, amountPaise, confirmedAt: '2026-11-22T10:04:05.123+05:30' },
    ...over,
  };
}

/** The status that the table has now. */
export async function statusOf(ekbaar: FieldOps, { tenant, id }: Pick<DeliveryRow, 'tenant' | 'id'>): Promise<string> {
  const [row] = await ekbaar.query<{ status: string }>(
    sql`select status from deliveries where tenant = ${tenant} and id = ${id}`,
  );
  return row?.status ?? 'gone';
}
