import type { Promised } from './phone-notes.ts';
import { Purse } from './purse.ts';
import type { TenantBooks } from './tenant-books.ts';

/** Each promise has one receipt that says what the phone was told; and there is no receipt that nobody asked for. */
export function checkReceipts(books: TenantBooks, promised: readonly Promised[]): void {
  const receipts = books.own(books.evidence.stations.receipts);
  const confirmations = receipts.filter(({ name }) => name === 'confirmDelivery');
  for (const status of ['applied', 'rejected']) {
    const of = confirmations.filter((receipt) => receipt.status === status);
    books.enter(
      new Purse(
        `receipts: ${status}`,
        of.map(({ key, paise }) => [key, paise ?? 0]),
      ),
    );
  }
  const said = (name: string, status: string, code: string | undefined | null, what: string | undefined | null) =>
    `${name} ${status} ${code ?? ''} ${what ?? ''}`;
  const byKey = new Map(
    receipts.map((one) => [one.key, said(one.name, one.status, one.code, one.receiptNo ?? one.deliveryId)]),
  );
  const asked = new Map<string, string>();
  for (const { key, name, told, deliveryId } of promised) {
    if (name === 'recordLocation') continue;
    asked.set(key, said(name, told?.state ?? 'never told', told?.code, told?.receiptNo ?? deliveryId));
  }
  for (const { key, name, status, code, deliveryId } of books.own(books.evidence.office))
    asked.set(key, said(name, status, code, deliveryId));
  for (const key of new Set([...byKey.keys(), ...asked.keys()])) {
    const [receipt, person] = [byKey.get(key), asked.get(key)];
    if (receipt !== person)
      books.violations.push(
        `receipt ${key}: ${person === undefined ? 'nobody asked for it' : `whoever asked was told "${person}"`}, and ${receipt === undefined ? 'there is no receipt' : `the receipt says "${receipt}"`}`,
      );
  }
}
