import type postgres from 'postgres';
import { deliveriesPerAgent, tenant } from './plan.ts';
import { insertDay, onOneConnection, type SeedSize } from './seed.ts';

/** Ekbaar's tables that grow with the years, and what is filled into them here. */
const grown = ['public.agents', 'public.deliveries', 'public.disbursements', 'sync.receipts', 'sync.changes'];

/**
 * Fills a database that Ekbaar has migrated, and that is empty, with what years of work leave: `size.deliveries`
 * deliveries, a receipt for each confirmed one, and for each delivery its line in the agent's and in the region's
 * scope. By plain SQL, past the triggers: the lines are written as publishing would have left them.
 */
export async function fillHistory(url: string, size: SeedSize): Promise<void> {
  await onOneConnection(url, async (sql) => {
    // In this session only, and only for speed: building an index at once is faster than row by row.
    await sql`set maintenance_work_mem = '1GB'`;
    await sql`set work_mem = '512MB'`;
    await sql`set synchronous_commit = off`;
    const enableTriggers = await disableTriggers(sql);
    const createIndexes = await dropIndexes(sql);
    await insertDay(sql, size);
    await insertReceipts(sql, size.confirmed ?? 0);
    await insertLines(sql);
    await createIndexes();
    await enableTriggers();
    await sql`vacuum analyze`;
    await sql`create extension if not exists pg_prewarm`;
  });
}

/** Reads every table and index once, so that the system has in its cache what fits into it. */
export async function warm(url: string): Promise<void> {
  await onOneConnection(url, async (sql) => {
    await sql`
      select pg_prewarm(c.oid, 'read') from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'sync', 'pgboss') and c.relkind in ('r', 'i') and c.relpages > 0`;
  });
}

/** In the order of time, as UUIDv7 keys are. */
async function insertReceipts(sql: postgres.Sql, confirmed: number): Promise<void> {
  await sql`
    insert into sync.receipts (tenant, key, actor, role, client_id, mutation_id, name, args, content, status, result,
      model, device_at, clock_error_ms, server_at)
    select ${tenant}, (lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000')::uuid,
      'a' || lpad((i / ${deliveriesPerAgent}::int)::text, 8, '0'), 'agent', 'c_' || lpad((i / ${deliveriesPerAgent}::int)::text, 8, '0'),
      1 + i % ${deliveriesPerAgent}::int, 'confirmDelivery',
      json_build_object('deliveryId', 'd' || lpad(i::text, 8, '0'), 'amountPaise', 55000 + 12500 * (i % 10),
        'confirmedAt', '2026-11-21T10:00:00.000Z'),
      encode(sha256(i::text::bytea), 'hex'), 'applied', '{"receiptNo":"7K3M9-QXA2B"}', 1,
      timestamptz '2026-11-21T10:00:00Z', 0, timestamptz '2026-11-21T10:00:01Z'
    from generate_series(0, ${confirmed}::int - 1) i`;
}

/** A version for each line, in the order of the rows' ids. */
async function insertLines(sql: postgres.Sql): Promise<void> {
  await sql`
    with rows as (
      select id, 'agents' as collection, array['agent:' || id, 'region:' || region_id] as scopes from agents
      union all
      select id, 'deliveries', array['agent:' || agent_id, 'region:' || region_id] from deliveries
      union all
      select id, 'disbursements', array['region:' || region_id] from disbursements
    )
    insert into sync.changes (tenant, scope, collection, row_id, version, tag)
    select ${tenant}, s.scope, r.collection, r.id, row_number() over (partition by s.scope order by r.collection, r.id),
      1 + floor(random() * 4294967295)::bigint
    from rows r cross join lateral unnest(r.scopes) s (scope)
    order by s.scope, r.collection, r.id`;
  await sql`
    insert into sync.scopes (tenant, scope, version, rows, checksum)
    select tenant, scope, max(version), count(*), sum(tag) from sync.changes group by tenant, scope`;
}

/** @returns what puts them back as they were */
async function disableTriggers(sql: postgres.Sql): Promise<() => Promise<void>> {
  const triggers = await sql`
    select tgrelid::regclass::text as "table", quote_ident(tgname) as name, tgenabled = 'A' as always from pg_trigger
    where not tgisinternal and tgrelid = any (${grown}::regclass[])`;
  for (const { table } of triggers) await sql.unsafe(`alter table ${table} disable trigger user`);
  return async () => {
    for (const { table, name, always } of triggers)
      await sql.unsafe(`alter table ${table} enable ${always ? 'always ' : ''}trigger ${name}`);
  };
}

/** All but the primary keys, which are filled in order. @returns what makes them again */
async function dropIndexes(sql: postgres.Sql): Promise<() => Promise<void>> {
  const indexes = await sql`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition from pg_index i
    where i.indrelid = any (${grown}::regclass[])
      and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`;
  for (const { name } of indexes) await sql.unsafe(`drop index ${name}`);
  return async () => {
    for (const { definition } of indexes) await sql.unsafe(definition);
  };
}
