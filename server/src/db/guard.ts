import { sql } from 'drizzle-orm';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import { type Queryable, rowsOf, textArray } from './database.ts';
import { quoted } from './identifier.ts';
import { withShortLocks } from './short-locks.ts';

/**
 * Lets the engine's role use a table, within the transaction's tenant only, even where a mutator forgets to ask for
 * it. Other programs keep what they could do: the table's owner is not bound, and a table that had no row-level
 * security stays open to the roles that had it. Locks the table only where something is missing, and for a moment.
 *
 * @throws TypeError when the table has no column named `tenant`.
 */
export async function guard(db: Queryable, table: PgTable): Promise<void> {
  const config = getTableConfig(table);
  const schema = config.schema ?? 'public';
  const name = `${quoted(schema)}.${quoted(config.name)}`;
  if (!config.columns.some((column) => column.name === 'tenant'))
    throw new TypeError(`${name} has no column "tenant": the engine cannot keep tenants apart in it`);
  const [state] = await rowsOf<Guarded>(
    db,
    sql`select c.relrowsecurity as secured,
          (select coalesce(json_agg(p.polname), '[]') from pg_policy p where p.polrelid = c.oid)::text as policies,
          has_schema_privilege('ekbaar_engine', c.relnamespace, 'usage')
            and (select bool_and(has_table_privilege('ekbaar_engine', c.oid, p)) from unnest(${privileges}) p) as granted,
          (select coalesce(json_agg(s.oid::regclass::text), '[]') from pg_depend d join pg_class s on s.oid = d.objid
            where d.refobjid = c.oid and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
              and d.deptype = 'a'
              and case when s.relkind = 'S' then not has_sequence_privilege('ekbaar_engine', s.oid, 'usage') end
          )::text as sequences
        from pg_class c where c.oid = to_regclass(${name})`,
  );
  if (state === undefined) throw new Error(`There is no table ${name}: run the migration that makes it first`);
  const missing = missingGuards(name, schema, state);
  if (missing.length === 0) return;
  await withShortLocks(db, `Securing ${name}`, async (tx) => {
    for (const statement of missing) await tx.execute(sql.raw(statement));
  });
}

/** Tracked tables, by these names, whose rows the user cannot see who publishes them: row-level security binds it too. */
export async function hiddenTables(db: Queryable, names: readonly string[]): Promise<{ name: string; user: string }[]> {
  return rowsOf(
    db,
    sql`select t.name, r.rolname::text as user from unnest(${textArray(names)}) t (name)
        join pg_class c on c.oid = to_regclass(t.name) and c.relforcerowsecurity
        join pg_proc p on p.oid = 'sync.membership(text, text[], text[])'::regprocedure
        join pg_roles r on r.oid = p.proowner and not r.rolsuper and not r.rolbypassrls
        order by 1`,
  );
}

/** @throws Error when nobody could publish the table's rows */
export async function assertVisible(db: Queryable, name: string): Promise<void> {
  const [hidden] = await hiddenTables(db, [name]);
  if (hidden === undefined) return;
  throw new Error(
    `${name} has FORCE ROW LEVEL SECURITY, so its policies bind even its owner, and the user "${hidden.user}", as whom rows are ` +
      `published, would not see them: they would never reach a phone. ${wayToSee(hidden)}`,
  );
}

export function wayToSee({ name, user }: { readonly name: string; readonly user: string }): string {
  return `ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY, or ALTER ROLE ${quoted(user)} BYPASSRLS`;
}

interface Guarded {
  readonly secured: boolean;
  /** Names, as JSON. */
  readonly policies: string;
  readonly granted: boolean;
  /** Of serial columns, those whose next value the engine may not take: names, as JSON. Identity columns need no right. */
  readonly sequences: string;
}

const privileges = sql.raw(`array['select', 'insert', 'update', 'delete']`);

function missingGuards(name: string, schema: string, { secured, granted, ...state }: Guarded): string[] {
  const policies = JSON.parse(state.policies) as string[];
  const own = `(tenant = nullif(current_setting('ekbaar.tenant', true), ''))`;
  const policy = (policyName: string, text: string) =>
    policies.includes(policyName) ? [] : [`CREATE POLICY ${policyName} ON ${name} ${text}`];
  return [
    ...(granted
      ? []
      : [
          `GRANT USAGE ON SCHEMA ${quoted(schema)} TO ekbaar_engine`,
          `GRANT SELECT, INSERT, UPDATE, DELETE ON ${name} TO ekbaar_engine`,
        ]),
    ...(JSON.parse(state.sequences) as string[]).map(
      (sequence) => `GRANT USAGE ON SEQUENCE ${sequence} TO ekbaar_engine`,
    ),
    ...(secured ? [] : [...policy('ekbaar_others', 'USING (true)'), `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`]),
    ...policy('ekbaar_allow', `TO ekbaar_engine USING ${own}`),
    ...policy('ekbaar_tenant', `AS RESTRICTIVE TO ekbaar_engine USING ${own}`),
  ];
}

/**
 * Takes back what `guard` gave. Row-level security that the table had before stays.
 *
 * @param name schema-qualified and quoted
 */
export async function unguard(tx: Queryable, name: string): Promise<void> {
  const policies = await rowsOf<{ name: string }>(
    tx,
    sql`select p.polname::text as name from pg_policy p where p.polrelid = to_regclass(${name}) and p.polname like 'ekbaar\\_%'`,
  );
  for (const policy of policies) await tx.execute(sql.raw(`DROP POLICY ${quoted(policy.name)} ON ${name}`));
  // Made only where we switched row-level security on.
  if (policies.some((policy) => policy.name === 'ekbaar_others'))
    await tx.execute(sql.raw(`ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`));
  if (policies.length === 0) return;
  await tx.execute(sql.raw(`REVOKE ALL ON ${name} FROM ekbaar_engine`));
  const sequences = await rowsOf<{ name: string }>(
    tx,
    sql`select s.oid::regclass::text as name from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
        where d.refobjid = to_regclass(${name}) and d.classid = 'pg_class'::regclass and d.deptype = 'a'`,
  );
  for (const sequence of sequences)
    await tx.execute(sql.raw(`REVOKE USAGE ON SEQUENCE ${sequence.name} FROM ekbaar_engine`));
}
