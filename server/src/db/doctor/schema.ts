import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { rowsOf } from '../database.ts';
import { hiddenTables, wayToSee } from '../guard.ts';
import { needsRowTriggers } from '../mark-trigger.ts';
import { ownMigrations } from '../migrate.ts';
import { trackedTables } from '../tracked-tables.ts';
import { type Check, fine, plural, problem, warning } from './finding.ts';

export const migrations: Check = {
  name: 'migrations',
  needsSchema: true,
  async run(db) {
    const journal = JSON.parse(await readFile(join(ownMigrations, 'meta', '_journal.json'), 'utf8')) as {
      entries: { when: number; tag: string }[];
    };
    const [row] = await rowsOf<{ last: string | number | null }>(
      db,
      sql`select max(created_at) as last from drizzle.ekbaar_migrations`,
    );
    const last = Number(row?.last ?? 0);
    const pending = journal.entries.filter(({ when }) => when > last);
    const newest = journal.entries.at(-1)?.when ?? 0;
    if (pending.length > 0) {
      const names = pending.map(({ tag }) => tag).join(', ');
      return [problem(`${plural(pending.length, 'migration')} not run yet: ${names}`, 'run ekbaar migrate')];
    }
    if (last > newest)
      return [warning('the database is newer than this program', 'use the ekbaar of the version that serves it')];
    return [fine(`all ${journal.entries.length} of the engine have run`)];
  },
};

export const role: Check = {
  name: 'role ekbaar_engine',
  needsSchema: true,
  async run(db) {
    const [row] = await rowsOf<{ super: boolean; bypass: boolean; login: boolean; owns: string[] | null }>(
      db,
      sql`select rolsuper as super, rolbypassrls as bypass, rolcanlogin as login,
            (select json_agg(c.oid::regclass::text) from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p')) as owns
          from pg_roles r where rolname = 'ekbaar_engine'`,
    );
    if (row === undefined) return [problem('it does not exist', 'run ekbaar migrate as a user with CREATEROLE')];
    const found = [];
    try {
      await db.transaction((tx) => tx.execute(sql`set local role ekbaar_engine`));
    } catch {
      found.push(
        problem(
          'the database user cannot take it: no server starts',
          'let an administrator GRANT ekbaar_engine TO that user',
        ),
      );
    }
    if (row.super || row.bypass) {
      found.push(
        problem(
          'row-level security does not bind it: tenants are not kept apart',
          'ALTER ROLE ekbaar_engine NOSUPERUSER NOBYPASSRLS',
        ),
      );
    }
    if (row.login) found.push(warning('it can sign in, and needs not to', 'ALTER ROLE ekbaar_engine NOLOGIN'));
    if (row.owns !== null) {
      found.push(
        problem(
          `it owns ${row.owns.join(', ')}: owners are not bound by row-level security`,
          'ALTER TABLE … OWNER TO another role',
        ),
      );
    }
    return found.length > 0 ? found : [fine('can be taken, owns nothing, and row-level security binds it')];
  },
};

export const rowSecurity: Check = {
  name: 'row-level security',
  needsSchema: true,
  async run(db) {
    const rows = await rowsOf<{ name: string; secured: boolean; guarded: boolean; engine: boolean }>(
      db,
      sql`select c.oid::regclass::text as name, c.relrowsecurity as secured, n.nspname = 'sync' as engine,
            exists (select from pg_policy p where p.polrelid = c.oid
              and (select oid from pg_roles where rolname = 'ekbaar_engine') = any (p.polroles)
              and pg_get_expr(p.polqual, p.polrelid) like '%ekbaar.tenant%') as guarded
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'p')
            and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped)
            and (n.nspname = 'sync' or has_table_privilege('ekbaar_engine', c.oid, 'select, insert, update, delete'))
          order by 1`,
    );
    const open = rows.filter(({ secured, guarded }) => !secured || !guarded);
    const found = open.map(({ name, secured }) =>
      problem(
        `${name} ${secured ? 'has no policy that keeps the engine to its tenant' : 'has row-level security switched off'}`,
        secured ? 'run ekbaar migrate' : `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
      ),
    );
    const tracked = await trackedTables(db);
    for (const hidden of await hiddenTables(
      db,
      tracked.map(({ table }) => table),
    )) {
      const says = `it is forced on ${hidden.name}: "${hidden.user}", as whom rows are published, does not see them`;
      found.push(problem(says, wayToSee(hidden)));
    }
    return found.length > 0 ? found : [fine(`on all ${rows.length} tables with a tenant`)];
  },
};

/** Bits of `pg_trigger.tgtype`. */
const events = { INSERT: 4, DELETE: 8, UPDATE: 16, TRUNCATE: 32 } as const;
const eachRow = 1;

interface TriggerRow {
  readonly collection: string;
  readonly name: string | null;
  readonly types: readonly number[] | null;
  readonly off: readonly string[] | null;
  /** Whether triggers of a statement miss some of its writes. */
  readonly needsRow: boolean | null;
}

export const triggers: Check = {
  name: 'tracking',
  needsSchema: true,
  async run(db, { collections }) {
    const rows = await rowsOf<TriggerRow>(
      db,
      sql`select t.collection, to_regclass(t.table_name)::text as name,
            json_agg(g.tgtype::int) filter (where g.tgenabled = 'A') as types,
            json_agg(g.tgname::text) filter (where g.tgenabled <> 'A') as off, bool_or(${needsRowTriggers}) as "needsRow"
          from sync.tracked t left join pg_class c on c.oid = to_regclass(t.table_name)
          left join pg_trigger g on g.tgrelid = to_regclass(t.table_name) and not g.tgisinternal
            and g.tgfoid in (select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'sync')
          where t.definition <> 'built in' group by 1, 2 order by 1`,
    );
    const known = new Set(rows.map(({ collection }) => collection));
    const untracked = (collections ?? []).filter((name) => !known.has(name));
    const found = [
      ...rows.flatMap((row) => wrongTriggers(row)),
      ...untracked.map((name) => problem(`the collection "${name}" is not tracked`, `run ekbaar track ${name}`)),
      ...(collections === undefined ? [] : [...known].filter((name) => !collections.includes(name))).map((name) =>
        warning(
          `"${name}" is tracked, and the model has no such collection`,
          `run ekbaar untrack ${name} when no server of an older version needs it`,
        ),
      ),
    ];
    return found.length > 0 ? found : [fine(`${plural(rows.length, 'table')}, every write leaves a mark`)];
  },
};

function wrongTriggers({ collection, name, types, off, needsRow }: TriggerRow) {
  if (name === null)
    return [problem(`the table of "${collection}" is gone`, `make it again, or run ekbaar untrack ${collection}`)];
  const missing = Object.entries(events).flatMap(([event, bit]) =>
    (types ?? []).some((type) => (type & bit) !== 0) ? [] : [event],
  );
  const ofStatement = (types ?? []).some((type) => (type & (eachRow | events.TRUNCATE)) === 0);
  if (missing.length === 0 && needsRow === true && ofStatement) {
    const says = `${name} is partitioned, a partition or on a cluster, and has triggers of statements: they miss writes to its parts`;
    return [problem(says, `run ekbaar track ${collection} --again`)];
  }
  if (missing.length === 0) return [];
  const why = off === null ? 'without a trigger' : `because ${off.join(', ')} is not ENABLE ALWAYS`;
  return [
    problem(
      `${missing.join(', ')} on ${name} may leave no mark, ${why}: phones would not hear of such writes`,
      `run ekbaar track ${collection}`,
    ),
  ];
}

export const backfills: Check = {
  name: 'backfills',
  needsSchema: true,
  async run(db) {
    const rows = await rowsOf<{ collection: string; to: string | null }>(
      db,
      sql`select collection, filled_to as to from sync.tracked where not filled order by 1`,
    );
    if (rows.length === 0) return [fine('none is under way')];
    return rows.map(({ collection, to }) =>
      warning(
        `the rows that "${collection}" had before are marked ${to === null ? 'not yet' : `up to "${to}" only`}`,
        `a server goes on with it; ekbaar track ${collection} does it now`,
      ),
    );
  },
};

export const indexes: Check = {
  name: 'indexes',
  needsSchema: true,
  async run(db) {
    const rows = await rowsOf<{ name: string; table: string; valid: boolean }>(
      db,
      sql`select i.indexrelid::regclass::text as name, i.indrelid::regclass::text as table, i.indisvalid as valid
          from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped
          where (n.nspname = 'sync' or c.oid in (select to_regclass(table_name) from sync.tracked))
            and (not i.indisvalid or (i.indisunique and not a.attnum = any (i.indkey::int2[])))
          order by 1`,
    );
    if (rows.length === 0) return [fine('valid, and every unique one has the tenant')];
    return rows.map(({ name, table, valid }) =>
      valid
        ? warning(
            `the unique index ${name} of ${table} is without the tenant: one tenant can see what another has, and no cluster takes it`,
            'add the tenant column to it',
          )
        : problem(`the index ${name} of ${table} is not valid`, `REINDEX INDEX CONCURRENTLY ${name}`),
    );
  },
};
