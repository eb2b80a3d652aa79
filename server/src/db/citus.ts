import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf, textArray } from './database.ts';
import { type Check, fine, note, plural, problem } from './doctor/finding.ts';
import { literal, quoted } from './identifier.ts';

/** Every table with a tenant is colocated with this one. */
const anchor = 'sync.clients';
/** Small, and read inside of functions on every worker. */
const reference = ['sync.settings', 'sync.tracked'];
/** Hints that live for seconds, of all tenants at once: they stay where the nodes connect to. */
const local = ['sync.pokes'];
/** What runs where the tenant's rows are; the functions that it calls only have to be there. */
const delegated = 'sync.publish';

/** What is so now. Names are as `regclass` and `regprocedure` write them with an empty search_path. */
export interface Cluster {
  readonly database: string;
  readonly user: string;
  /** Tables of the engine and of the app that have a tenant, in an order in which what is referenced comes first. */
  readonly tables: readonly string[];
  readonly distributed: ReadonlyMap<string, Placement>;
  readonly functions: readonly { readonly signature: string; readonly distributed: boolean }[];
  /** Unique indexes without the tenant. */
  readonly foreignUnique: readonly { readonly name: string; readonly table: string }[];
  /** Triggers of ours that use transition tables, which Citus does not know. */
  readonly statementTriggers: readonly { readonly name: string; readonly table: string }[];
}

export interface Placement {
  readonly kind: 'distributed' | 'reference' | 'local';
  readonly column: string | null;
  readonly colocation: number;
}

/**
 * The statements that distribute what is not distributed yet, in their order; none when all is as it should be. What is
 * tracked must be tracked again behind them, with row-level triggers.
 *
 * @throws Error that names what Citus cannot take
 */
export function distributionPlan(cluster: Cluster): string[] {
  const { tables, distributed, functions, statementTriggers } = cluster;
  refuse(cluster);
  const missing = tables.filter((name) => !distributed.has(name) && !local.includes(name));
  const references = reference.filter((name) => !distributed.has(name));
  const absent = functions.filter(({ distributed: there }) => !there);
  const triggers = statementTriggers.filter(({ table }) => missing.includes(table) || distributed.has(table));
  if (missing.length + references.length + absent.length + triggers.length === 0) return [];
  return [
    ...preparations(cluster),
    // They would be refused on a distributed table, and row-level ones come in their place.
    ...triggers.map(({ name, table }) => `DROP TRIGGER ${quoted(name)} ON ${table}`),
    ...references.map((name) => `SELECT create_reference_table(${literal(name)})`),
    ...[anchor, ...missing.filter((name) => name !== anchor)]
      .filter((name) => missing.includes(name))
      .map((name) => {
        const beside = name === anchor ? 'none' : anchor;
        return `SELECT create_distributed_table(${literal(name)}, 'tenant', colocate_with => ${literal(beside)})`;
      }),
    ...absent.map(({ signature }) =>
      signature.startsWith(`${delegated}(`)
        ? `SELECT create_distributed_function(${literal(signature)}, 'p_tenant', colocate_with => ${literal(anchor)})`
        : `SELECT create_distributed_function(${literal(signature)})`,
    ),
  ];
}

function refuse({ tables, distributed, foreignUnique }: Cluster): void {
  const [unique] = foreignUnique;
  if (unique !== undefined) {
    throw new Error(
      `The unique index ${unique.name} of ${unique.table} is without the tenant: Citus cannot keep it over several nodes. Add the tenant column to it`,
    );
  }
  const home = distributed.get(anchor);
  for (const name of tables) {
    const placement = distributed.get(name);
    if (placement === undefined || local.includes(name)) continue;
    if (placement.kind !== 'distributed' || placement.column !== 'tenant') {
      const how = placement.kind === 'distributed' ? `by ${placement.column}` : `as a ${placement.kind} table`;
      throw new Error(`${name} is distributed ${how}, not by tenant: SELECT undistribute_table('${name}') first`);
    }
    if (home === undefined || placement.colocation !== home.colocation) {
      throw new Error(
        `${name} is not colocated with ${anchor}: SELECT undistribute_table('${name}') first, and it is put in its place`,
      );
    }
  }
}

/** For sessions to come, here and on the workers; and for this one. */
function preparations({ database, user }: Cluster): string[] {
  const settings = ["citus.propagate_set_commands = 'local'", 'citus.enable_unsafe_triggers = on'];
  const ofDatabase = settings.map((setting) => `ALTER DATABASE ${quoted(database)} SET ${setting}`);
  const role =
    `DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ekbaar_engine') THEN CREATE ROLE ekbaar_engine NOLOGIN; END IF; ` +
    `GRANT ekbaar_engine TO ${quoted(user)}; END $do$`;
  return [
    ...ofDatabase,
    ...settings.map((setting) => `SET ${setting}`),
    ...[...ofDatabase, role].map(
      (command) =>
        `SELECT nodename, nodeport, success, result FROM run_command_on_workers($command$${command}$command$)`,
    ),
  ];
}

/** Distributes over the cluster what is not distributed yet. @throws Error when a worker did not do its part */
export async function distribute(db: Queryable, appTables: readonly string[]): Promise<string[]> {
  const plan = distributionPlan(await readCluster(db, appTables));
  for (const statement of plan) {
    const answers = await rowsOf<{ nodename?: string; nodeport?: number; success?: boolean; result?: string }>(
      db,
      sql.raw(statement),
    );
    const failed = answers.find(({ success }) => success === false);
    if (failed !== undefined)
      throw new Error(`The worker ${failed.nodename}:${failed.nodeport} failed at ${statement}: ${failed.result}`);
  }
  return plan;
}

/** Whether the engine's tables are distributed: then triggers must be row-level ones. */
export async function isDistributed(db: Queryable): Promise<boolean> {
  if (!(await hasCitus(db))) return false;
  const rows = await rowsOf(db, sql`select from pg_dist_partition where logicalrelid = to_regclass(${anchor})`);
  return rows.length > 0;
}

async function hasCitus(db: Queryable): Promise<boolean> {
  return (await rowsOf(db, sql`select from pg_extension where extname = 'citus'`)).length > 0;
}

/**
 * Reads what is so now.
 *
 * @param appTables the app's tables with a tenant, schema-qualified and quoted
 * @throws Error when Citus is not there
 */
export async function readCluster(db: Queryable, appTables: readonly string[]): Promise<Cluster> {
  if (!(await hasCitus(db)))
    throw new Error('Citus is not installed in this database: CREATE EXTENSION citus, and add the workers');
  return db.transaction(async (tx) => {
    // So that names come with their schemas.
    await tx.execute(sql`set local search_path = ''`);
    const [facts] = await rowsOf<{ database: string; user: string }>(
      tx,
      sql`select current_database() as database, current_user as user`,
    );
    if (facts === undefined) throw new Error('The database did not say its name');
    const tables = await rowsOf<{ name: string; references: string[] | null }>(
      tx,
      sql`select c.oid::regclass::text as name,
            (select json_agg(f.confrelid::regclass::text) from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid) as references
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'p') and (
            (n.nspname = 'sync' and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped))
            or c.oid = any (${textArray(appTables, 'regclass')}))
          order by n.nspname <> 'sync', 1`,
    );
    const names = tables.map(({ name }) => name);
    const placements = await rowsOf<{ name: string; method: string; column: string | null; colocation: number }>(
      tx,
      sql`select logicalrelid::text as name, partmethod::text as method, colocationid as colocation,
            case when partmethod = 'h' then pg_catalog.column_to_column_name(logicalrelid, partkey) end as column from pg_catalog.pg_dist_partition`,
    );
    const functions = await rowsOf<{ signature: string; distributed: boolean }>(
      tx,
      sql`select p.oid::regprocedure::text as signature,
            exists (select from pg_catalog.pg_dist_object o where o.classid = 'pg_catalog.pg_proc'::regclass and o.objid = p.oid
              and (p.proname <> 'publish' or o.distribution_argument_index is not null)) as distributed
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'sync' order by 1`,
    );
    const foreignUnique = await rowsOf<{ name: string; table: string }>(
      tx,
      sql`select i.indexrelid::regclass::text as name, i.indrelid::regclass::text as table from pg_index i
          join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'tenant' and not a.attisdropped
          where i.indisunique and not a.attnum = any (i.indkey::int2[]) and i.indrelid::regclass::text = any (${textArray(names)}) order by 1`,
    );
    const statementTriggers = await rowsOf<{ name: string; table: string }>(
      tx,
      sql`select t.tgname::text as name, t.tgrelid::regclass::text as table from pg_trigger t
          join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'sync'
          where (t.tgoldtable is not null or t.tgnewtable is not null) and t.tgparentid = 0 order by 2, 1`,
    );
    return {
      ...{ ...facts, functions, foreignUnique, statementTriggers },
      tables: referencedFirst(tables),
      distributed: new Map(
        placements.map(({ name, method, column, colocation }) => [
          name,
          { kind: method === 'h' ? 'distributed' : colocation === 0 ? 'local' : 'reference', column, colocation },
        ]),
      ),
    };
  });
}

function referencedFirst(tables: readonly { name: string; references: readonly string[] | null }[]): string[] {
  const ordered = new Set<string>();
  const byName = new Map(tables.map((table) => [table.name, table]));
  const place = (name: string, above: ReadonlySet<string>) => {
    const table = byName.get(name);
    if (table === undefined || ordered.has(name) || above.has(name)) return;
    for (const reference of table.references ?? []) place(reference, new Set([...above, name]));
    ordered.add(name);
  };
  for (const { name } of tables) place(name, new Set());
  return [...ordered];
}

/** For `ekbaar doctor`. */
export const distribution: Check = {
  name: 'Citus',
  needsSchema: true,
  async run(db) {
    if (!(await hasCitus(db))) return [note('not installed: everything is in this one database')];
    if (!(await isDistributed(db)))
      return [note('installed, and nothing is distributed: ekbaar migrate --citus distributes')];
    const appTables = await rowsOf<{ name: string }>(
      db,
      sql`select polrelid::regclass::text as name from pg_policy where polname = 'ekbaar_tenant'`,
    );
    const cluster = await readCluster(
      db,
      appTables.map(({ name }) => name),
    );
    try {
      const plan = distributionPlan(cluster);
      if (plan.length > 0)
        return plan.map((statement) => problem(`left to do: ${statement}`, 'run ekbaar migrate --citus'));
    } catch (error) {
      return [problem(error instanceof Error ? error.message : String(error), 'then run ekbaar migrate --citus')];
    }
    return [fine(`${plural(cluster.tables.length, 'table')} by tenant, colocated`)];
  },
};
