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

const actionWords: Readonly<Record<string, string>> = {
  confirmDelivery: 'Confirm delivery',
  failDelivery: 'Not delivered',
  assignDelivery: 'Assign delivery',
  cancelDelivery: 'Cancel delivery',
  recordLocation: 'Position',
  reconcileDisbursement: 'Reconcile disbursement',
  closeDay: 'Close the day',
};

/** A mutation for people; one that the console does not know keeps its name. */
export function actionInWords(name: string): string {
  return actionWords[name] ?? name;
}
