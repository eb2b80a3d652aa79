import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import type { SyncedTable } from '../engine/synced-table.ts';
import { type Queryable, rowsOf } from './database.ts';
import { literal, quoted } from './identifier.ts';

/**
 * Makes the tables of the model synced: triggers that mark every write, whoever writes, and row-level security.
 * Does nothing for a table whose definition is already in force. A table that holds rows has them all marked, so
 * that they are published like any other write.
 */
export async function track(db: Queryable, tables: Iterable<SyncedTable>): Promise<void> {
  for (const table of tables) {
    const statements = trackingStatements(table);
    const definition = createHash('sha256')
      .update(JSON.stringify([statements, table.scopesQuery]))
      .digest('hex');
    const [known] = await rowsOf<{ definition: string }>(
      db,
      sql`select definition from sync.tracked where collection = ${table.collection}`,
    );
    if (known?.definition === definition) continue;
    await db.transaction(async (tx) => {
      for (const statement of statements) await tx.execute(sql.raw(statement));
      await tx.execute(sql`
        insert into sync.tracked (collection, table_name, scopes_query, definition)
        values (${table.collection}, ${table.name}, ${table.scopesQuery}, ${definition})
        on conflict (collection) do update
        set table_name = excluded.table_name, scopes_query = excluded.scopes_query, definition = excluded.definition`);
      await tx.execute(
        sql.raw(
          `insert into sync.dirty (tenant, collection, row_id, origin)
           select t.${quoted(table.tenant.name)}::text, ${literal(table.collection)}, t.${quoted(table.key.name)}::text, '' from ${table.name} t`,
        ),
      );
      await guard(tx, table.table);
    });
  }
}

function trackingStatements(table: SyncedTable): string[] {
  const call = `EXECUTE FUNCTION sync.mark(${[table.collection, table.key.name, table.tenant.name].map(literal).join(', ')})`;
  const triggers = [
    ['ekbaar_insert', `AFTER INSERT ON ${table.name} REFERENCING NEW TABLE AS new_rows`],
    ['ekbaar_update', `AFTER UPDATE ON ${table.name} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows`],
    ['ekbaar_delete', `AFTER DELETE ON ${table.name} REFERENCING OLD TABLE AS old_rows`],
    // Before: afterwards nobody could say which rows there were.
    ['ekbaar_truncate', `BEFORE TRUNCATE ON ${table.name}`],
  ] as const;
  return triggers.flatMap(([name, when]) => [
    `CREATE OR REPLACE TRIGGER ${name} ${when} FOR EACH STATEMENT ${call}`,
    // Also when a replication or restore tool has switched ordinary triggers off.
    `ALTER TABLE ${table.name} ENABLE ALWAYS TRIGGER ${name}`,
  ]);
}

/**
 * Lets the engine's role use a table, within the transaction's tenant only, even where a mutator forgets to ask for
 * it. Other programs keep what they could do: the table's owner is not bound, and a table that had no row-level
 * security stays open to the roles that had it.
 *
 * @throws TypeError when the table has no column named `tenant`.
 */
export async function guard(db: Queryable, table: PgTable): Promise<void> {
  const config = getTableConfig(table);
  const schema = config.schema ?? 'public';
  const name = `${quoted(schema)}.${quoted(config.name)}`;
  const tenant = config.columns.find((column) => column.name === 'tenant');
  if (tenant === undefined)
    throw new TypeError(`${name} has no column "tenant": the engine cannot keep tenants apart in it`);
  await db.transaction(async (tx) => {
    await tx.execute(sql.raw(`GRANT USAGE ON SCHEMA ${quoted(schema)} TO ekbaar_engine`));
    await tx.execute(sql.raw(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${name} TO ekbaar_engine`));
    const [state] = await rowsOf<{ secured: boolean; guarded: boolean }>(
      tx,
      sql`select c.relrowsecurity as secured,
            exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'ekbaar_tenant') as guarded
          from pg_class c where c.oid = ${name}::regclass`,
    );
    if (state?.guarded === true) return;
    const own = `(tenant = nullif(current_setting('ekbaar.tenant', true), ''))`;
    if (state?.secured !== true) {
      await tx.execute(sql.raw(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`));
      await tx.execute(sql.raw(`CREATE POLICY ekbaar_others ON ${name} USING (true)`));
    }
    await tx.execute(sql.raw(`CREATE POLICY ekbaar_allow ON ${name} TO ekbaar_engine USING ${own}`));
    await tx.execute(sql.raw(`CREATE POLICY ekbaar_tenant ON ${name} AS RESTRICTIVE TO ekbaar_engine USING ${own}`));
  });
}
