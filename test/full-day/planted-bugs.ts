import { join } from 'node:path';
import type { TransactionSql } from 'postgres';
import { closeBooks } from './books.ts';
import type { FullDay } from './full-day.ts';

/** A bug that somebody else might have put into the server, as its tables would look then. */
export interface PlantedBug {
  readonly name: string;
  /** Words of the message by which the books must find it. */
  readonly says: RegExp;
  readonly statements: readonly string[];
}

/** A worker that orders each payout twice, under two keys: the whole day is done with it. */
export const workerBug = {
  name: 'payout-twice',
  file: join(import.meta.dirname, 'payout-twice.ts'),
  says: /is there twice in "partner: really paid"/,
};

const one = (name: string, status: string) =>
  `(select key from sync.receipts where name = '${name}' and status = '${status}' order by key limit 1)`;

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'receipt-lost',
    says: /there is no receipt/,
    statements: [`delete from sync.receipts where key = ${one('confirmDelivery', 'applied')}`],
  },
  {
    // As without the guard of the business key: the second row of one instalment is collected too.
    name: 'instalment-twice',
    says: /"ledger: debits".* has nothing, "ledger: debits" has \d+ paise/,
    statements: [
      `insert into ledger_entries (tenant, delivery_id, kind, account_id, amount_paise, agent_id, key, at)
       select e.tenant, v.id, e.kind, e.account_id, e.amount_paise, e.agent_id, e.key, e.at
       from deliveries v
       join deliveries w on w.tenant = v.tenant and w.loan_id = v.loan_id and w.instalment_no = v.instalment_no and w.id <> v.id
       join ledger_entries e on e.tenant = w.tenant and e.delivery_id = w.id
       where v.status <> 'confirmed' and (v.tenant, v.id) = (
         select a.tenant, a.id from deliveries a join deliveries b
           on b.tenant = a.tenant and b.loan_id = a.loan_id and b.instalment_no = a.instalment_no and b.id <> a.id
         where a.status <> 'confirmed' and b.status = 'confirmed' order by 1, 2 limit 1)`,
    ],
  },
  {
    // Balanced, and still wrong by a paisa.
    name: 'a-paisa-off',
    says: /"ledger: credits" has/,
    statements: [
      `update ledger_entries set amount_paise = amount_paise + 1 where key = ${one('confirmDelivery', 'applied')}`,
    ],
  },
  {
    // Receipt, delivery and ledger agree with each other: only the phone knows better.
    name: 'confirmation-forgotten',
    says: /"phone: told applied" has \d+ paise, "deliveries: confirmed" has nothing/,
    statements: [
      `create temporary table forgotten on commit drop as
         select tenant, key, args->>'deliveryId' as id from sync.receipts where key = ${one('confirmDelivery', 'applied')}`,
      `update deliveries v set status = 'pending', receipt_no = null, confirmed_at = null from forgotten f
       where v.tenant = f.tenant and v.id = f.id`,
      `delete from ledger_entries e using forgotten f where e.tenant = f.tenant and e.delivery_id = f.id`,
      `delete from sync.receipts r using forgotten f where r.tenant = f.tenant and r.key = f.key`,
    ],
  },
  {
    name: 'job-lost',
    says: /"outbox: sms jobs" has nothing/,
    statements: [
      `delete from pgboss.job where id = (select id from pgboss.job where name = 'sms' order by id limit 1)`,
    ],
  },
  {
    name: 'reconciled-without-the-bank',
    says: /only in disbursements: \S+ reconciled/,
    statements: [
      `update disbursements set status = 'reconciled' where (tenant, id) = (
         select tenant, id from disbursements where status = 'disbursed' order by 1, 2 limit 1)`,
    ],
  },
  {
    name: 'wrong-purse',
    says: /only in the ledger: \S+ \S+ agent_cash:nobody/,
    statements: [
      `update ledger_entries set account_id = 'agent_cash:nobody'
       where account_id like 'agent_cash:%' and key = ${one('confirmDelivery', 'applied')}`,
    ],
  },
];

/** What the books say with a bug in the tables, in a transaction that is undone. */
export async function findPlanted(day: FullDay, { name, statements }: PlantedBug): Promise<readonly string[]> {
  let found: readonly string[] = [];
  const undo = new Error('undone');
  await day.sql
    .begin(async (tx) => {
      for (const text of statements) await plant(tx, name, text);
      found = closeBooks(await day.evidence(tx)).violations;
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return found;
}

async function plant(tx: TransactionSql, name: string, text: string): Promise<void> {
  const { count } = await tx.unsafe(text);
  // A bug that does not bite proves nothing.
  if (count === 0) throw new Error(`the planted bug "${name}" changed nothing: ${text}`);
}
