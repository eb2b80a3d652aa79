import type { DeliveryKind, DeliveryStatus } from '../../src/model.ts';
import { matches } from '../shared/matches.ts';
import type { AgentRow, DeliveryRow } from './scoped-rows.ts';

/** What the list shows; an empty string is "all". */
export interface DeliveryFilter {
  status: DeliveryStatus | '';
  kind: DeliveryKind | '';
  regionId: string;
  agentId: string;
  mfiId: string;
  typed: string;
}

export const everything: DeliveryFilter = { status: '', kind: '', regionId: '', agentId: '', mfiId: '', typed: '' };

export type Agents = ReadonlyMap<string, AgentRow>;

/** Deliveries that fit all but the status: the totals per status are counted over these. */
export function fitting(deliveries: readonly DeliveryRow[], filter: DeliveryFilter, agents: Agents): DeliveryRow[] {
  const { kind, regionId, agentId, mfiId } = filter;
  const typed = filter.typed.trim();
  return deliveries.filter(
    (row) =>
      (kind === '' || row.kind === kind) &&
      (regionId === '' || row.regionId === regionId) &&
      (agentId === '' || row.agentId === agentId) &&
      (mfiId === '' || row.mfiId === mfiId) &&
      (typed === '' || matches(typed, ...searched(row, agents))),
  );
}

function searched(row: DeliveryRow, agents: Agents): string[] {
  const agent = agents.get(row.agentId)?.name ?? row.agentId;
  return [
    row.customerName,
    row.village,
    row.pincode,
    row.loanId,
    row.receiptNo ?? '',
    agent,
    row.customerPhone,
    row.id,
  ];
}

export interface Total {
  count: number;
  amountPaise: number;
}

/** How many deliveries of each status there are, and how much money they are. */
export function totalsByStatus(deliveries: readonly DeliveryRow[]): Record<DeliveryStatus, Total> {
  const totals: Record<DeliveryStatus, Total> = {
    pending: { count: 0, amountPaise: 0 },
    confirmed: { count: 0, amountPaise: 0 },
    failed: { count: 0, amountPaise: 0 },
    cancelled: { count: 0, amountPaise: 0 },
  };
  for (const { status, amountPaise } of deliveries) {
    totals[status].count += 1;
    totals[status].amountPaise += amountPaise;
  }
  return totals;
}
