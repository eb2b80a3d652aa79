import { checkBank } from './check-bank.ts';
import { checkClosings, checkScreens } from './check-evening.ts';
import { checkOutbox } from './check-outbox.ts';
import { checkPayouts } from './check-payouts.ts';
import { checkPhones } from './check-phones.ts';
import { checkReasons } from './check-reasons.ts';
import { checkReceipts } from './check-receipts.ts';
import { checkServer } from './check-server.ts';
import type { Evidence } from './evidence.ts';
import { promisesOf } from './phone-notes.ts';
import { Purse } from './purse.ts';
import { type Station, TenantBooks } from './tenant-books.ts';
import { tenants } from './tenants.ts';

export interface Books {
  readonly stations: Readonly<Record<string, readonly Station[]>>;
  /** Every rupee is accounted for when there is none. */
  readonly violations: readonly string[];
}

/** Compares every station with the one before it, row by row, and with what people and partners noted themselves. */
export function closeBooks(evidence: Evidence): Books {
  const closed = tenants.map((tenant) => closeFor(new TenantBooks(evidence, tenant)));
  const strangers = evidence.effects.filter(({ tenant }) => !tenants.some((one) => one === tenant));
  return {
    stations: Object.fromEntries(closed.map(({ tenant, stations }) => [tenant, stations])),
    violations: [
      ...closed.flatMap(({ tenant, violations }) => violations.map((what) => `${tenant}: ${what}`)),
      ...strangers.map(({ party, key }) => `${party} did ${key} for nobody that we know`),
    ],
  };
}

function closeFor(books: TenantBooks): TenantBooks {
  const promised = promisesOf(books.evidence.notes, books.tenant);
  const given = books.own(books.evidence.given);
  books.enter(
    new Purse(
      'the day as given',
      given.map(({ id, paise }) => [id, paise]),
    ),
  );
  const confirmed = checkPhones(books, promised);
  checkReceipts(books, promised);
  checkReasons(books, promised);
  checkServer(books, confirmed, promised);
  checkOutbox(books, confirmed);
  const paidOut = checkPayouts(books, confirmed);
  checkBank(books, paidOut);
  checkClosings(books, promised);
  checkScreens(books);
  return books;
}
