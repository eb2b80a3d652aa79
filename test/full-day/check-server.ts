import type { Promised } from './phone-notes.ts';
import { Purse } from './purse.ts';
import type { TenantBooks } from './tenant-books.ts';

/** What was told applied is in the deliveries and on both sides of the ledger, in the right purse. */
export function checkServer(books: TenantBooks, confirmed: Purse, promised: readonly Promised[]): void {
  const { stations } = books.evidence;
  const rows = books.own(stations.deliveries);
  for (const status of ['confirmed', 'failed', 'cancelled', 'pending']) {
    const of = rows.filter((row) => row.status === status);
    const purse = new Purse(
      `deliveries: ${status}`,
      of.map(({ id, paise }) => [id, paise]),
    );
    books.enter(purse);
    if (status === 'confirmed') books.compare(confirmed, purse);
  }
  const total = books.own(books.evidence.given).reduce((sum, { paise }) => sum + paise, 0);
  const now = rows.reduce((sum, { paise }) => sum + paise, 0);
  if (total !== now) books.violations.push(`the day was given with ${total} paise, and its deliveries have ${now}`);
  const ledger = books.own(stations.ledger);
  for (const kind of ['debit', 'credit']) {
    const of = ledger.filter((entry) => entry.kind === kind);
    const purse = new Purse(
      `ledger: ${kind}s`,
      of.map(({ deliveryId, paise }) => [deliveryId, paise]),
    );
    books.enter(purse);
    books.compare(confirmed, purse);
  }
  // Whose purse, by the rules of the operation: a collection fills the agent's, a disbursement empties it.
  const kinds = new Map(books.own(books.evidence.given).map((row) => [row.id, row]));
  const should = promised.flatMap(({ name, told, deliveryId = '', agentId, key }) => {
    const row = kinds.get(deliveryId);
    if (name !== 'confirmDelivery' || told?.state !== 'applied' || row === undefined) return [];
    const [debit, credit] = [`agent_cash:${agentId}`, `mfi:${row.mfiId}`];
    const [from, to] = row.kind === 'collection' ? [debit, credit] : [credit, debit];
    return [`${deliveryId} debit ${from} ${key}`, `${deliveryId} credit ${to} ${key}`];
  });
  const does = ledger.map(({ deliveryId, kind, accountId, key }) => `${deliveryId} ${kind} ${accountId} ${key}`);
  books.compareLines('whose cash it is', should, 'the ledger', does);
}
