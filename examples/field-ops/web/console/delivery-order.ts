import type { Agents } from './delivery-filter.ts';
import type { DeliveryRow } from './scoped-rows.ts';

export type Column =
  | 'confirmedAt'
  | 'status'
  | 'kind'
  | 'customerName'
  | 'village'
  | 'regionId'
  | 'agent'
  | 'amountPaise';

export interface Order {
  by: Column;
  desc: boolean;
}

/** Latest confirmations first: what has just happened is at the top. */
export const latestFirst: Order = { by: 'confirmedAt', desc: true };

const collator = new Intl.Collator('en-IN', { numeric: true });

/** A sorted copy. Rows that are equal, and those without a value, stand in the order of their day, village and id. */
export function ordered(deliveries: readonly DeliveryRow[], { by, desc }: Order, agents: Agents): DeliveryRow[] {
  const sign = desc ? -1 : 1;
  const valued = deliveries.map((row) => ({ row, value: valueOf(row, by, agents) }));
  valued.sort((a, b) => sign * compare(a.value, b.value) || tie(a.row, b.row));
  return valued.map(({ row }) => row);
}

function valueOf(row: DeliveryRow, by: Column, agents: Agents): string | number {
  if (by === 'agent') return agents.get(row.agentId)?.name ?? row.agentId;
  return row[by] ?? '';
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}

function tie(a: DeliveryRow, b: DeliveryRow): number {
  return collator.compare(a.dueOn, b.dueOn) || collator.compare(a.village, b.village) || collator.compare(a.id, b.id);
}
