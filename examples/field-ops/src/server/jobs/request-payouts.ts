import { jsonParameter, type Queryable, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { derivedKey } from './idempotency-key.ts';
import { payoutAccounts, payouts } from './tables.ts';

/** Cash that an agent has handed over. */
export interface PaidOut {
  /** The mutation's idempotency key. */
  readonly key: string;
  readonly delivery: { readonly id: string; readonly agentId: string; readonly amountPaise: number };
}

/**
 * Asks for the money that agents have paid out to come back to their bank accounts. Only agents who have an account get
 * it, so an operator who pays otherwise has none; in the confirmation's own transaction, and once for each delivery.
 */
export async function requestPayouts(
  db: Queryable,
  tenant: string,
  paidOut: readonly PaidOut[],
  now: Date,
  enqueue: (queue: string, jobs: readonly ({ key: string } & Record<string, unknown>)[]) => Promise<void>,
): Promise<void> {
  const wanted = paidOut.map(({ key, delivery: { id: deliveryId, agentId, amountPaise } }) => {
    return { id: derivedKey(key, 'payout'), key, deliveryId, agentId, amountPaise };
  });
  const requested = await rowsOf<{ id: string; delivery_id: string }>(
    db,
    sql`insert into ${payouts} (tenant, id, delivery_id, agent_id, amount_paise, destination, requested_at, status_at)
        select ${tenant}, w.id, w."deliveryId", w."agentId", w."amountPaise", a.destination, ${now.toISOString()}::timestamptz, ${now.toISOString()}::timestamptz
        from json_to_recordset(${jsonParameter(wanted)}) as w
          (id uuid, "deliveryId" text, "agentId" text, "amountPaise" bigint)
        join ${payoutAccounts} a on a.tenant = ${tenant} and a.agent_id = w."agentId" and a.enabled
        order by w."deliveryId"
        on conflict do nothing returning id, delivery_id`,
  );
  const keys = new Map(wanted.map(({ id, key }) => [id, key]));
  const jobs = requested.map(({ id, delivery_id: deliveryId }) => ({
    key: keys.get(id) ?? id,
    payoutId: id,
    deliveryId,
  }));
  if (jobs.length > 0) await enqueue('payment', jobs);
}
