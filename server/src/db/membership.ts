import { isDeepStrictEqual } from 'node:util';
import { sql } from 'drizzle-orm';
import { type Queryable, rowsOf } from './database.ts';
import { databaseCode } from './fault.ts';
import { type FunctionSettings, keptSettings, ownersPath, sameTexts, settingClauses } from './function-settings.ts';
import { literal } from './identifier.ts';

/**
 * Writes `sync.membership` anew: in which scopes rows are now, as their columns say. `sync.publish` asks it at every
 * commit, so its queries are static, one branch for each tracked collection, and their plans are kept. Does nothing when
 * the function in force says the same.
 */
export async function refreshMembership(db: Queryable): Promise<void> {
  const tracked = await rowsOf<Branch>(
    db,
    sql`select collection, table_name as "table", scopes_query as query from sync.tracked order by collection`,
  );
  const body = functionBody(tracked);
  const [state] = await rowsOf<{ body: string; settings: string; clustered: boolean }>(
    db,
    sql`select p.prosrc as body, to_json(p.proconfig)::text as settings,
          exists (select from pg_extension where extname = 'citus') as clustered
        from pg_proc p where p.oid = 'sync.membership(text, text[], text[])'::regprocedure`,
  );
  const settings = { ...ownersPath, ...sameTexts, ...(state?.clustered === true ? {} : keptPlan) };
  if (state?.body === body && isDeepStrictEqual(JSON.parse(state.settings), keptSettings(settings))) return;
  await db.execute(
    sql.raw(
      'CREATE OR REPLACE FUNCTION sync.membership(p_tenant text, p_collections text[], p_rows text[]) ' +
        'RETURNS TABLE (collection text, row_id text, scope text) LANGUAGE plpgsql STABLE SECURITY DEFINER ' +
        `${settingClauses(settings)} AS ${literal(body)}`,
    ),
  );
}

/**
 * One plan for all calls of a connection, whatever their number of rows; and not one made for an empty table, which would
 * read the whole of it when it has grown. (A cluster needs to know the tenant to plan.)
 */
const keptPlan: FunctionSettings = { plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off', jit: 'off' };

/**
 * Asks before anything is made whether `sync.membership` could run a table's query: afterwards every write would fail.
 *
 * @throws TypeError that names the table
 */
export async function assertPublishable(db: Queryable, table: { readonly name: string }, query: string): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      await tx.execute(sql.raw(`set local search_path = ${ownersPath['search_path']}`));
      await tx.execute(sql.raw(`prepare ekbaar_membership (text, text[]) as ${query}`));
      await tx.execute(sql.raw('deallocate ekbaar_membership'));
    });
  } catch (error) {
    const code = databaseCode(error);
    // Whoever guards a table that is not there says so better.
    if (code === '42P01') return;
    if (code?.startsWith('42') !== true) throw error;
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new TypeError(`${table.name} cannot be tracked: the query of its rows' scopes fails (${why})`, {
      cause: error,
    });
  }
}

interface Branch {
  readonly collection: string;
  /** Schema-qualified and quoted. */
  readonly table: string;
  readonly query: string;
}

function functionBody(tracked: readonly Branch[]): string {
  const branches = tracked.map(
    ({ collection, table, query }) => `
  IF ${literal(collection)} = ANY (v_collections) AND to_regclass(${literal(table)}) IS NOT NULL THEN
    p_collections := ARRAY(SELECT u.row_id FROM unnest(v_collections, p_rows) AS u (collection, row_id) WHERE u.collection = ${literal(collection)});
    RETURN QUERY ${query};
  END IF;`,
  );
  return `
#variable_conflict use_column
DECLARE
  v_collections text[] := p_collections;
BEGIN
  -- Generated from sync.tracked. In its queries $1 is the tenant and $2 the ids of the collection's own rows: that is
  -- what the second parameter is used for here. The rows of a table that is gone are in no scope.${branches.join('')}
END `;
}
