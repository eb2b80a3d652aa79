import { sql } from 'drizzle-orm';
import type { SyncedTable } from '../engine/synced-table.ts';
import { fillStep } from './backfill.ts';
import { type Queryable, rowsOf } from './database.ts';
import { assertVisible, guard } from './guard.ts';
import { installMarks, marksInForce, needsRowTriggers, type TriggerKind } from './mark-trigger.ts';
import { assertPublishable, refreshMembership } from './membership.ts';
import { scopesQueryIn } from './scopes-query.ts';
import { withShortLocks } from './short-locks.ts';
import { type TrackedTable, trackedTables } from './tracked-tables.ts';
import { untrack } from './untrack.ts';

export interface TrackOptions {
  /** The version of the model that declares the tables: what a newer one has declared stays. */
  readonly model: number;
  /** By default what it was before, at first `statement`; always `row` on a Citus cluster, a partitioned table or a partition. */
  readonly triggers?: TriggerKind | undefined;
  /** Marks all rows once more, so that every phone gets them again: after columns became visible, for one. */
  readonly again?: boolean | undefined;
}

/** Steps of the backfill that a start waits for: 50,000 rows. More are marked while the server is at work. */
const stepsAtStart = 10;

/**
 * Makes tables synced: triggers that mark every write, whoever writes, and row-level security. Does nothing for a table
 * whose declaration is already in force. The rows that a table holds are marked, so that they are published like any
 * other write: those of a small table at once, the rest of a large one by later `fillStep`s. The caller holds the
 * migrations' lock.
 *
 * @throws TypeError when a table has no column named `tenant`
 * @throws Error when row-level security is forced on a table: its rows would not be seen
 */
export async function track(db: Queryable, tables: Iterable<SyncedTable>, options: TrackOptions): Promise<void> {
  const known = new Map((await trackedTables(db)).map((table) => [table.collection, table]));
  for (const table of tables) {
    const before = known.get(table.collection);
    if (before !== undefined && before.model > options.model) continue;
    if (before !== undefined && before.table !== table.name) await untrack(db, table.collection);
    await declare(db, table, before?.table === table.name ? before : undefined, options);
    for (let step = 1; step <= stepsAtStart && (await fillStep(db, table)).state === 'more'; step++);
  }
  // Collections of the engine's own come with migrations.
  await refreshMembership(db);
}

async function declare(
  db: Queryable,
  table: SyncedTable,
  before: TrackedTable | undefined,
  { model, again = false, triggers }: TrackOptions,
): Promise<void> {
  await assertVisible(db, table.name);
  const scopesQuery = await scopesQueryIn(db, table);
  if (before?.scopesQuery !== scopesQuery) await assertPublishable(db, table, scopesQuery);
  await guard(db, table.table);
  const byRow = await needsRow(db, table);
  const kind = byRow ? 'row' : (triggers ?? before?.triggers ?? 'statement');
  const marks = await marksInForce(db, table, kind);
  const otherScopes = before !== undefined && before.scopesQuery !== scopesQuery;
  // A table that has become partitioned may have missed some.
  const missed = byRow && before?.triggers === 'statement';
  const fill = before === undefined || otherScopes || marks === 'missing' || missed || again;
  if (!fill && marks === 'current' && before.model === model && before.triggers === kind) return;
  await withShortLocks(db, `Tracking ${table.name}`, async (tx) => {
    // Whoever has asked for the former scopes publishes them before rows are marked anew.
    if (otherScopes) await tx.execute(sql.raw(`LOCK TABLE ${table.name} IN ACCESS EXCLUSIVE MODE`));
    if (marks !== 'current') await installMarks(tx, table, kind);
    const definition = JSON.stringify({ model, triggers: kind });
    const keep = sql.raw(String(!fill));
    await tx.execute(sql`
      insert into sync.tracked as t (collection, table_name, scopes_query, definition, filled)
      values (${table.collection}, ${table.name}, ${scopesQuery}, ${definition}, false)
      on conflict (collection) do update
      set table_name = excluded.table_name, scopes_query = excluded.scopes_query, definition = excluded.definition,
        filled = t.filled and ${keep}, filled_to = case when ${keep} then t.filled_to end`);
    await refreshMembership(tx);
  });
}

async function needsRow(db: Queryable, table: SyncedTable): Promise<boolean> {
  const [state] = await rowsOf<{ row: boolean }>(
    db,
    sql`select ${needsRowTriggers} as row from pg_class c where c.oid = to_regclass(${table.name})`,
  );
  return state?.row === true;
}
