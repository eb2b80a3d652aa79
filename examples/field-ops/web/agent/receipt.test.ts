import { describe, expect, it } from 'vitest';
import { sampleDelivery } from '../shared/sample-delivery.ts';
import type { AgentMutation, DeliveryRow } from './client.ts';
import { deliveryEntries } from './delivery-state.ts';
import { receiptFor } from './receipt.ts';

const pending: DeliveryRow = { ...sampleDelivery, amountPaise: 124_000 };
const confirmedAt = '2026-11-23T05:00:00Z';
const confirmed: DeliveryRow = { ...pending, status: 'confirmed', confirmedAt };

function receiptOf(row: DeliveryRow, state?: AgentMutation['state'], amountPaise = row.amountPaise) {
  const args = { deliveryId: row.id, amountPaise, confirmedAt };
  const log = state ? [{ id: 1, key: 'k1', name: 'confirmDelivery', args, at: confirmedAt, state }] : [];
  const [entry] = deliveryEntries([row], log as AgentMutation[], []);
  if (!entry) throw new Error('no entry');
  return receiptFor(entry, 'PennCo');
}

describe('receiptFor', () => {
  it('says what this phone confirmed, and how far that is', async () => {
    const waiting = await receiptOf(confirmed, 'saved', 100);
    expect(waiting).toMatchObject({ amountPaise: 100, standing: 'waiting', text: expect.stringContaining('Rs 1.00') });
    expect(await receiptOf(pending, 'rejected', 100)).toMatchObject({ amountPaise: 100, standing: 'refused' });
    expect(await receiptOf(pending)).toBeNull();
  });

  it('says what was paid where another phone’s confirmation counted, not what this phone had counted', async () => {
    const other = await receiptOf({ ...confirmed, receiptNo: 'AAAAA-BBBBB' }, 'rejected', 99_900);
    expect(other).toMatchObject({ receiptNo: 'AAAAA-BBBBB', standing: 'confirmed', amountPaise: 124_000, check: null });
    expect(other?.text).toContain('Rs 1240.00');
  });

  it('has no time where the office has none', async () => {
    const receipt = await receiptOf({ ...confirmed, confirmedAt: null, receiptNo: 'AAAAA-BBBBB' });
    expect(receipt).toMatchObject({ standing: 'confirmed', confirmedAt: null });
    expect(receipt?.text).not.toContain('At ');
  });
});
