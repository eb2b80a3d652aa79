import { DeliveryKind, DeliveryStatus } from '../../src/model.ts';

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

/** A status for people; one that another program wrote stays as it is. */
export function statusInWords(status: string): string {
  const known = DeliveryStatus.safeParse(status);
  return known.success ? statusWords[known.data] : status;
}

/** A kind for people; one that another program wrote stays as it is. */
export function kindInWords(kind: string): string {
  const known = DeliveryKind.safeParse(kind);
  return known.success ? kindWords[known.data] : kind;
}

/** Whether the console knows what can be done to it. */
export function isKnown({ kind, status }: { readonly kind: string; readonly status: string }): boolean {
  return DeliveryKind.safeParse(kind).success && DeliveryStatus.safeParse(status).success;
}

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
