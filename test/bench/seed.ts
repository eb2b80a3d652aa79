import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { deliveriesPerAgent, tenant } from './plan.ts';

const engineMigrations = fileURLToPath(new URL('../../server/migrations', import.meta.url));
const appMigrations = fileURLToPath(new URL('../../examples/field-ops/migrations', import.meta.url));

export interface SeedSize {
  readonly deliveries: number;
  /** Each has its share of the agents. */
  readonly regions: number;
  /** How many, the first ones, were confirmed long ago; none by default. */
  readonly confirmed?: number;
}

/**
 * Makes the field operation's own tables and fills them with deliveries as in `plan.ts`. Ekbaar's are there too, since
 * the operation has an index on one; nothing tracks the others yet.
 */
export async function seedApp(url: string, size: SeedSize): Promise<void> {
  await onOneConnection(url, async (sql) => {
    // Under the names by which the server's own migration run will find it done.
    await migrate(drizzle(sql), { migrationsFolder: engineMigrations, migrationsTable: 'ekbaar_migrations' });
    await migrate(drizzle(sql), { migrationsFolder: appMigrations, migrationsTable: 'app_migrations' });
    await insertDay(sql, size);
    await sql`vacuum analyze`;
  });
}

/** Agents, deliveries and disbursements, by number: nothing about them is random. */
export async function insertDay(sql: postgres.Sql, { deliveries, regions, confirmed = 0 }: SeedSize): Promise<void> {
  await sql`
    insert into agents (tenant, id, name, phone, region_id)
    select ${tenant}, 'a' || lpad(a::text, 8, '0'), 'Sunita Kumari', '+910000000000', 'IN-BR-' || a % ${regions}::int
    from generate_series(0, ${Math.ceil(deliveries / deliveriesPerAgent) - 1}::int) a`;
  // Three in ten pay out, as on the demo day.
  await sql`
    insert into deliveries (tenant, id, kind, status, agent_id, region_id, village, pincode, customer_name,
      customer_phone, mfi_id, loan_id, instalment_no, amount_paise, due_on, confirmed_at, receipt_no)
    select ${tenant}, 'd' || lpad(i::text, 8, '0'), case when i % 10 < 3 then 'disbursement' else 'collection' end,
      case when done then 'confirmed' else 'pending' end,
      'a' || lpad((i / ${deliveriesPerAgent}::int)::text, 8, '0'),
      'IN-BR-' || (i / ${deliveriesPerAgent}::int) % ${regions}::int,
      'Bodh Gaya', '824231', 'Asha Devi', '+910000000001',
      (array['bfil', 'lnt', 'greenlight', 'spandana', 'samasta'])[1 + i % 5], 'LOAN-' || i,
      case when i % 10 < 3 then null else 1 + i % 24 end, 55000 + 12500 * (i % 10), '2026-11-22',
      case when done then timestamptz '2026-11-21T10:00:00Z' end, case when done then '7K3M9-QXA2B' end
    from generate_series(0, ${deliveries}::int - 1) i cross join lateral (select i < ${confirmed}::int as done) d`;
  await sql`
    insert into disbursements (tenant, id, delivery_id, mfi_id, loan_id, amount_paise, region_id, status)
    select tenant, 'b' || substr(id, 2), id, mfi_id, loan_id, amount_paise, region_id,
      case when status = 'pending' then 'open' else 'disbursed' end
    from deliveries where kind = 'disbursement'`;
}

/** What an app without Ekbaar keeps beside its tables so that a retry finds its answer and messages get sent. */
export async function seedOwnTables(url: string): Promise<void> {
  await onOneConnection(url, async (sql) => {
    await sql`
      create table idempotency_keys (
        tenant text not null, key uuid not null, actor text not null, request_hash text not null,
        response jsonb not null, created_at timestamptz not null default now(), primary key (tenant, key))`;
    await sql`
      create table outbox_jobs (
        id bigint primary key generated always as identity, tenant text not null, queue text not null,
        data jsonb not null, created_at timestamptz not null default now())`;
    await sql`vacuum analyze`;
  });
}

/** Plain SQL in one session. */
export async function onOneConnection<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
