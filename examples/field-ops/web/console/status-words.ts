import type { DeliveryKind, DeliveryStatus } from '../../src/model.ts';

export const statusWords: Readonly<Record<DeliveryStatus, string>> = {
  pending: 'To do',
  confirmed: 'Confirmed',
  failed: 'Not delivered',
  cancelled: 'Cancelled',
};

export const kindWords: Readonly<Record<DeliveryKind, string>> = {
  collection: 'Cash in',
  disbursement: 'Cash out',
};
