import postgres from 'postgres';
import { type Books, readBooks } from '../support/books.ts';
import type { Make } from './contestants.ts';
import { tenant } from './plan.ts';

/** What stands in the tables of a contestant's database, read past its server. */
export async function booksOf(make: Make, url: string): Promise<Books> {
  return make === 'ekbaar' ? readBooks(url, tenant) : readOwnBooks(url);
}

/** The same of a contestant that keeps its receipts and jobs in the tables of `seedOwnTables`. */
async function readOwnBooks(url: string): Promise<Books> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql`
      with pairs as (
        select delivery_id, array_agg(kind order by kind) as kinds, array_agg(distinct amount_paise) as amounts
        from ledger_entries where tenant = ${tenant} group by delivery_id
      )
      select
        (select count(*)::int from deliveries where tenant = ${tenant} and status = 'confirmed') as confirmed,
        (select count(*)::int from idempotency_keys where tenant = ${tenant}) as receipts,
        (select coalesce(sum(amount_paise), 0)::float8 from ledger_entries where tenant = ${tenant} and kind = 'debit') as debit,
        (select coalesce(sum(amount_paise), 0)::float8 from ledger_entries where tenant = ${tenant} and kind = 'credit') as credit,
        (select count(*)::int from deliveries d left join pairs p on p.delivery_id = d.id
          where d.tenant = ${tenant} and case when d.status = 'confirmed'
            then p.kinds is distinct from array['credit', 'debit'] or p.amounts is distinct from array[d.amount_paise]
            else p.kinds is not null end) as unbalanced`;
    const jobs = await sql`select queue, count(*)::int as n from outbox_jobs where tenant = ${tenant} group by queue`;
    return {
      confirmed: row?.['confirmed'],
      receipts: row?.['receipts'] === 0 ? {} : { applied: row?.['receipts'] },
      debitPaise: row?.['debit'],
      creditPaise: row?.['credit'],
      unbalanced: row?.['unbalanced'],
      jobs: Object.fromEntries(jobs.map(({ queue, n }) => [queue, n])),
    };
  } finally {
    await sql.end();
  }
}

/** What of the books cannot be, `confirmed` confirmations having been answered `applied` so far; empty when all is well. */
export function faultsOf(books: Books, confirmed: number): string[] {
  const faults: string[] = [];
  const expect = (what: string, found: number, expected: number) => {
    if (found !== expected) faults.push(`${found} ${what} instead of ${expected}`);
  };
  expect('deliveries confirmed', books.confirmed, confirmed);
  const { applied = 0, ...others } = books.receipts;
  expect('receipts applied', applied, confirmed);
  const other = Object.values(others).reduce((sum, count) => sum + count, 0);
  expect('receipts of another outcome', other, 0);
  expect('paise debited, of those credited', books.debitPaise, books.creditPaise);
  expect('deliveries without their ledger pair', books.unbalanced, 0);
  expect('SMS jobs', books.jobs['sms'] ?? 0, confirmed);
  expect('webhook jobs', books.jobs['mfi-webhook'] ?? 0, confirmed);
  return faults;
}
