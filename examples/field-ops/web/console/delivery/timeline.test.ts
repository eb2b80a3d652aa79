import { describe, expect, it } from 'vitest';
import type { DeliveryHistory, LoggedReceipt } from '../../../src/record-answers.ts';
import { sampleDelivery } from '../../shared/sample-delivery.ts';
import { timelineOf } from './timeline.ts';

const receipt: LoggedReceipt = {
  ...{ key: 'k1', name: 'assignDelivery', args: { deliveryId: 'd1', agentId: 'a2' }, actor: 'ops', actorName: 'ops' },
  ...{ role: 'ops', clientId: null, mutationId: null, model: null, status: 'applied', result: null, error: null },
  ...{ deviceAt: null, serverAt: '2026-11-22T04:00:00.000Z', clockErrorMs: null, retriedAt: null, closedAt: null },
  ...{ closeReason: null, tries: 0, lastError: null, notedBy: null, notedAt: null, note: null },
};
const history: DeliveryHistory = {
  delivery: { ...sampleDelivery, agentName: 'Asha', status: 'confirmed', receiptNo: '7K3M9-QXA2B' },
  receipts: [
    receipt,
    {
      ...{
        ...receipt,
        key: 'k2',
        name: 'confirmDelivery',
        actor: 'a2',
        actorName: 'Asha',
        role: 'agent',
        clientId: 'c1',
      },
      ...{ args: { amountPaise: 125_000 }, serverAt: '2026-11-22T06:00:00.000Z', deviceAt: '2026-11-22T05:05:00.000Z' },
      clockErrorMs: 300_000,
    },
    {
      ...receipt,
      key: 'k3',
      name: 'confirmDelivery',
      status: 'rejected',
      error: { code: 'already_confirmed', message: 'again' },
      ...{ tries: 1, closedAt: '2026-11-22T08:00:00.000Z', closeReason: 'paid by hand' },
      serverAt: '2026-11-22T07:00:00.000Z',
    },
  ],
  phones: [{ clientId: 'c1', phoneId: 'p1', name: 'Redmi 9A' }],
  ledger: [
    { kind: 'debit', accountId: 'agent_cash:a2', amountPaise: 125_000, at: '2026-11-22T05:00:00.000Z' },
    { kind: 'credit', accountId: 'mfi:bfil', amountPaise: 125_000, at: '2026-11-22T05:00:00.000Z' },
  ],
  ...{ messages: null, byHand: [], disbursement: null, agents: { a2: 'Asha' } },
};

describe('timelineOf', () => {
  it('tells the story, the latest first', () => {
    expect(timelineOf(history).map(({ title, tone }) => [title, tone])).toEqual([
      ['Confirmation refused', 'refused'],
      ['Confirmed', 'done'],
      ['₹1,250.00 booked', 'money'],
      ['Assigned', 'plain'],
    ]);
  });

  it('says which phone, both times, and how long it was under way by a right clock', () => {
    const facts = Object.fromEntries(timelineOf(history)[1]?.facts ?? []);
    expect(facts).toMatchObject({
      Phone: 'Redmi 9A (c1)',
      'Receipt no.': '7K3M9-QXA2B',
      'Clock error': '5 min',
      Delay: '1 h',
    });
    expect(Object.fromEntries(timelineOf(history)[0]?.facts ?? [])).toMatchObject({
      'Refused with': 'already_confirmed: again',
      Tried: 'once',
      // By itself, so that it is shown as a time.
      Closed: '2026-11-22T08:00:00.000Z',
      'Closed because': 'paid by hand',
    });
    expect(Object.fromEntries(timelineOf(history)[3]?.facts ?? [])).toMatchObject({ To: 'Asha' });
  });
});
