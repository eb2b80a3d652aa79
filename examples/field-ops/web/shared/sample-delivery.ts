import type { Delivery } from '../../src/model.ts';

/** A pending collection, for tests to vary. */
export const sampleDelivery: Delivery = {
  id: 'd1',
  kind: 'collection',
  status: 'pending',
  agentId: 'a1',
  regionId: 'r1',
  village: 'Rampur',
  pincode: '800001',
  customerName: 'Sita Devi',
  customerPhone: '',
  mfiId: 'bfil',
  loanId: 'l1',
  instalmentNo: 3,
  amountPaise: 125_000,
  dueOn: '2026-11-23',
  confirmedAt: null,
  receiptNo: null,
  failReason: null,
};
