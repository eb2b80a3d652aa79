import { describe, expect, it } from 'vitest';
import { sampleDelivery } from '../shared/sample-delivery.ts';
import type { AgentMutation, DeliveryRow } from './client.ts';
import { deliveryEntries, hasReceipt, isUnderstood, settledAs } from './delivery-state.ts';

const pending: DeliveryRow = sampleDelivery;
const confirmed: DeliveryRow = { ...pending, status: 'confirmed', confirmedAt: '2026-11-23T05:00:00Z' };

function record(id: number, state: AgentMutation['state'], more: object = {}): AgentMutation {
  const base = { id, key: `k${id}`, name: 'confirmDelivery', args: { deliveryId: 'd1' }, at: '2026-11-23T05:00:00Z' };
  return { ...base, state, ...more } as AgentMutation;
}

function entryOf(row: DeliveryRow, log: AgentMutation[], refusals: AgentMutation[] = []) {
  const [entry] = deliveryEntries([row], log, refusals);
  if (!entry) throw new Error('no entry');
  return entry;
}

describe('deliveryEntries', () => {
  it('follows a confirmation from the phone to its receipt', () => {
    expect(entryOf(pending, []).state).toBe('todo');
    expect(entryOf(confirmed, [record(1, 'saved')]).state).toBe('saved');
    expect(entryOf(confirmed, [record(1, 'sent')]).state).toBe('sent');
    const applied = entryOf(confirmed, [record(1, 'applied', { result: { receiptNo: 'R7' } })]);
    expect(applied).toMatchObject({ state: 'confirmed', receiptNo: 'R7' });
    expect(entryOf({ ...confirmed, receiptNo: 'R7' }, [])).toMatchObject({ state: 'confirmed', receiptNo: 'R7' });
  });

  it('needs attention until the refusal is dismissed', () => {
    const refused = record(1, 'rejected', { error: { code: 'amount_mismatch', message: '' } });
    expect(entryOf(pending, [refused], [refused])).toMatchObject({ state: 'attention', refused });
    expect(entryOf(pending, [refused], [])).toMatchObject({ state: 'todo', refused: null });
  });

  it('shows a later try instead of an earlier refusal', () => {
    const refused = record(1, 'rejected', { error: { code: 'amount_mismatch', message: '' } });
    expect(entryOf(confirmed, [refused, record(2, 'saved')], [refused]).state).toBe('saved');
    expect(entryOf(confirmed, [refused, record(2, 'applied')], [refused]).state).toBe('confirmed');
  });

  it('is done where another phone’s confirmation counted, whether this phone’s refusal was dealt with or not', () => {
    const refused = record(1, 'rejected', { error: { code: 'already_confirmed', message: '' } });
    const entry = entryOf({ ...confirmed, receiptNo: 'R7' }, [refused], [refused]);
    expect(entry).toMatchObject({ state: 'confirmed', receiptNo: 'R7', refused });
    expect(entryOf({ ...pending, status: 'cancelled' }, [refused], [refused]).state).toBe('attention');
  });

  it('shows what the office did', () => {
    expect(entryOf({ ...pending, status: 'cancelled' }, []).state).toBe('cancelled');
    expect(entryOf({ ...pending, status: 'failed', failReason: 'other' }, []).state).toBe('failed');
  });

  it('does not take a kind or a status that it does not know for one that it knows', () => {
    const returned = { ...pending, status: 'returned' } as unknown as DeliveryRow;
    const refund = { ...pending, kind: 'refund' } as unknown as DeliveryRow;
    expect(entryOf(returned, []).state).toBe('unknown');
    expect([pending, confirmed, returned, refund].map(isUnderstood)).toEqual([true, true, false, false]);
    const states = deliveryEntries([returned, { ...pending, id: 'd2' }, refund], [], []).map(({ state }) => state);
    expect(states).toEqual(['todo', 'todo', 'unknown']);
  });

  it('has a receipt where there is a number', () => {
    expect(hasReceipt(entryOf({ ...confirmed, receiptNo: 'R7' }, []))).toBe(true);
    expect(hasReceipt(entryOf(confirmed, [record(1, 'saved')]))).toBe(true);
    expect(hasReceipt(entryOf(confirmed, []))).toBe(false);
    expect(hasReceipt(entryOf(confirmed, [record(1, 'rejected')]))).toBe(false);
    expect(hasReceipt(entryOf(pending, []))).toBe(false);
  });

  it('takes an answer while the delivery is open, also when the last one failed or was refused', () => {
    const refused = record(1, 'rejected', { error: { code: 'amount_mismatch', message: '' } });
    expect(settledAs(entryOf(pending, []))).toBeNull();
    expect(settledAs(entryOf({ ...pending, status: 'failed', failReason: 'other' }, []))).toBeNull();
    expect(settledAs(entryOf(pending, [refused], [refused]))).toBeNull();
  });

  it('takes no answer for what is under way, confirmed or cancelled', () => {
    const refused = record(1, 'rejected', { error: { code: 'cancelled', message: '' } });
    expect(settledAs(entryOf(confirmed, [record(1, 'saved')]))).toBe('saved');
    expect(settledAs(entryOf({ ...pending, status: 'failed' }, [record(1, 'sent')]))).toBe('sent');
    expect(settledAs(entryOf(confirmed, []))).toBe('confirmed');
    expect(settledAs(entryOf({ ...pending, status: 'cancelled' }, []))).toBe('cancelled');
    expect(settledAs(entryOf({ ...pending, status: 'cancelled' }, [refused], [refused]))).toBe('cancelled');
  });

  it('puts what needs attention first, then what is to do by day, then what is under way, then what is done', () => {
    const row = (id: string, more: Partial<DeliveryRow> = {}): DeliveryRow => ({ ...pending, id, ...more });
    const about = (id: string, state: AgentMutation['state']) => record(1, state, { args: { deliveryId: id } });
    const refused = about('refused', 'rejected');
    const entries = deliveryEntries(
      [
        row('done', { status: 'confirmed', confirmedAt: '2026-11-23T05:00:00Z' }),
        row('under-way', { status: 'confirmed', confirmedAt: '2026-11-23T04:00:00Z' }),
        row('today'),
        row('overdue', { dueOn: '2026-11-21' }),
        row('refused'),
      ],
      [about('under-way', 'sent'), refused],
      [refused],
    );
    expect(entries.map((entry) => entry.row.id)).toEqual(['refused', 'overdue', 'today', 'under-way', 'done']);
  });
});
