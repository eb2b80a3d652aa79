import { describe, expect, it } from 'vitest';
import { sampleDelivery } from '../shared/sample-delivery.ts';
import { everything, fitting, totalsByStatus } from './delivery-filter.ts';
import { latestFirst, ordered } from './delivery-order.ts';
import type { AgentRow, DeliveryRow } from './scoped-rows.ts';

function delivery(id: string, more: Partial<DeliveryRow>): DeliveryRow {
  return {
    ...sampleDelivery,
    id,
    amountPaise: 100,
    ...more,
  };
}

const agent: AgentRow = { id: 'a1', name: 'Meena Nair', phone: '', regionId: 'r1', active: true };
const agents = new Map([['a1', agent]]);
const rows = [
  delivery('d1', {}),
  delivery('d2', { status: 'confirmed', confirmedAt: '2026-11-23T05:00:00Z', receiptNo: 'R77', amountPaise: 250 }),
  delivery('d3', { status: 'confirmed', confirmedAt: '2026-11-23T06:00:00Z', agentId: 'a2', regionId: 'r2' }),
];
const ids = (found: DeliveryRow[]) => found.map(({ id }) => id);

describe('the console’s list', () => {
  it('filters by fields, and searches names, villages, receipts and agents', () => {
    expect(ids(fitting(rows, everything, agents))).toEqual(['d1', 'd2', 'd3']);
    expect(ids(fitting(rows, { ...everything, regionId: 'r2' }, agents))).toEqual(['d3']);
    expect(ids(fitting(rows, { ...everything, typed: 'r77' }, agents))).toEqual(['d2']);
    expect(ids(fitting(rows, { ...everything, typed: 'meena ramp' }, agents))).toEqual(['d1', 'd2']);
  });

  it('counts and sums by status', () => {
    expect(totalsByStatus(rows)).toMatchObject({
      pending: { count: 1, amountPaise: 100 },
      confirmed: { count: 2, amountPaise: 350 },
      failed: { count: 0, amountPaise: 0 },
    });
  });

  it('puts the latest confirmation first, and sorts by any column', () => {
    expect(ids(ordered(rows, latestFirst, agents))).toEqual(['d3', 'd2', 'd1']);
    expect(ids(ordered(rows, { by: 'amountPaise', desc: true }, agents))).toEqual(['d2', 'd1', 'd3']);
  });
});
