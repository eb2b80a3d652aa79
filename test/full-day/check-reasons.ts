import type { Promised } from './phone-notes.ts';
import type { TenantBooks } from './tenant-books.ts';

/** Nothing is refused without a cause: each reason that a phone was told is one that somebody else's notes bear out. */
export function checkReasons(books: TenantBooks, promised: readonly Promised[]): void {
  const rows = new Map(books.own(books.evidence.given).map((row) => [row.id, row]));
  const applied = promised.filter(({ name, told }) => name === 'confirmDelivery' && told?.state === 'applied');
  const confirmed = new Set(applied.map(({ deliveryId }) => deliveryId));
  const instalmentOf = (id: string | undefined) => {
    const row = rows.get(id ?? '');
    return row === undefined || row.instalmentNo === null ? undefined : `${row.loanId}/${row.instalmentNo}`;
  };
  const collected = new Set(applied.map(({ deliveryId }) => instalmentOf(deliveryId)));
  const done = books.own(books.evidence.office).filter(({ status }) => status === 'applied');
  const cancelled = new Set(done.flatMap((note) => (note.name === 'cancelDelivery' ? [note.deliveryId] : [])));
  const assigned = new Set(done.flatMap((note) => (note.name === 'assignDelivery' ? [note.deliveryId] : [])));
  const causes: Readonly<Record<string, (one: Promised) => boolean>> = {
    cancelled: ({ deliveryId = '' }) => cancelled.has(deliveryId),
    not_assigned: ({ deliveryId = '' }) => assigned.has(deliveryId),
    already_confirmed: ({ deliveryId = '' }) => confirmed.has(deliveryId),
    already_done: ({ deliveryId }) => collected.has(instalmentOf(deliveryId)),
    amount_mismatch: ({ deliveryId = '', amountPaise }) => rows.get(deliveryId)?.paise !== amountPaise,
  };
  for (const one of promised) {
    const { told, name, key, deliveryId } = one;
    if (told === undefined || told.state === 'applied') continue;
    if (causes[told.code ?? '']?.(one) !== true)
      books.violations.push(
        `${name} ${key} of ${deliveryId} was ${told.state} with "${told.code}", and nobody did anything that would be a reason`,
      );
  }
  // And what should have been refused was: one instalment is collected once, and nothing that was cancelled.
  const counts = Map.groupBy(applied, ({ deliveryId }) => instalmentOf(deliveryId));
  for (const [instalment, ones] of counts) {
    if (instalment !== undefined && ones.length > 1)
      books.violations.push(
        `instalment ${instalment} was collected ${ones.length} times: ${ones.map(({ key }) => key).join(', ')}`,
      );
  }
  for (const id of cancelled)
    if (confirmed.has(id)) books.violations.push(`${id} was cancelled by ops and confirmed by its agent`);
}
