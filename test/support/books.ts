import postgres from 'postgres';

/** What stands in a tenant's tables, in the terms of the invariants. */
export interface Books {
  /** Deliveries with status `confirmed`. */
  readonly confirmed: number;
  /** Receipts of `confirmDelivery` by status. */
  readonly receipts: Readonly<Record<string, number>>;
  readonly debitPaise: number;
  readonly creditPaise: number;
  /** Deliveries whose ledger pair is not exactly one debit and one credit of the delivery's amount. */
  readonly unbalanced: number;
  /** Jobs in the outbox, by queue. */
  readonly jobs: Readonly<Record<string, number>>;
}

/** Reads the books straight from PostgreSQL, past everything that is under test. */
export async function readBooks(url: string, tenant: string): Promise<Books> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const [confirmed] =
      await sql`select count(*)::int as n from deliveries where tenant = ${tenant} and status = 'confirmed'`;
    const receipts =
      await sql`select status, count(*)::int as n from sync.receipts where tenant = ${tenant} and name = 'confirmDelivery' group by status`;
    const sums =
      await sql`select kind, sum(amount_paise)::float8 as paise from ledger_entries where tenant = ${tenant} group by kind`;
    const [unbalanced] = await sql`
      select count(*)::int as n from deliveries d
      left join (
        select tenant, delivery_id, array_agg(kind order by kind) as kinds, array_agg(distinct amount_paise) as amounts
        from ledger_entries group by tenant, delivery_id
      ) l on l.tenant = d.tenant and l.delivery_id = d.id
      where d.tenant = ${tenant} and case when d.status = 'confirmed'
        then l.kinds is distinct from array['credit', 'debit'] or l.amounts is distinct from array[d.amount_paise]
        else l.kinds is not null end`;
    const jobs =
      await sql`select name, count(*)::int as n from pgboss.job where data->>'tenant' = ${tenant} group by name`;
    const paise = Object.fromEntries(sums.map(({ kind, paise: sum }) => [kind, sum]));
    return {
      confirmed: confirmed?.['n'],
      receipts: Object.fromEntries(receipts.map(({ status, n }) => [status, n])),
      debitPaise: paise['debit'] ?? 0,
      creditPaise: paise['credit'] ?? 0,
      unbalanced: unbalanced?.['n'],
      jobs: Object.fromEntries(jobs.map(({ name, n }) => [name, n])),
    };
  } finally {
    await sql.end();
  }
}
