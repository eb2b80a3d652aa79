import type { Promised } from './phone-notes.ts';
import { Purse } from './purse.ts';
import type { TenantBooks } from './tenant-books.ts';

/** @returns what the phones were told has been applied: the measure of everything behind it */
export function checkPhones(books: TenantBooks, promised: readonly Promised[]): Purse {
  const confirmations = promised.filter(({ name }) => name === 'confirmDelivery');
  const purse = (name: string, of: readonly Promised[]) =>
    new Purse(
      name,
      of.map(({ key, amountPaise }) => [key, amountPaise ?? 0]),
    );
  const applied = confirmations.filter(({ told }) => told?.state === 'applied');
  books.enter(purse('phone: confirmations promised by mutate()', confirmations));
  books.enter(purse('phone: told applied', applied));
  const rejected = confirmations.filter(({ told }) => told?.state === 'rejected');
  books.enter(purse('phone: told rejected, with a reason', rejected));
  for (const { key, name, phone, told } of promised) {
    if (told === undefined && name !== 'recordLocation')
      books.violations.push(`${name} ${key} was promised by ${phone} and never answered`);
  }
  const confirmed = new Purse(
    'phone: told applied',
    applied.map(({ deliveryId, amountPaise }) => [deliveryId ?? '', amountPaise ?? 0]),
  );
  const given = new Map(books.own(books.evidence.given).map((row) => [row.id, row.paise]));
  books.compare(
    new Purse(
      'the day as given',
      applied.map(({ deliveryId = '' }) => [deliveryId, given.get(deliveryId) ?? 0]),
    ),
    confirmed,
  );
  return confirmed;
}
