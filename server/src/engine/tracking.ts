import { setTimeout as sleep } from 'node:timers/promises';
import type { Model } from '@ekbaar/sdk/model';
import { fillStep } from '../db/backfill.ts';
import type { Database } from '../db/database.ts';
import type { TriggerKind } from '../db/mark-trigger.ts';
import { migrate, withMigrationLock } from '../db/migrate.ts';
import * as db from '../db/untrack.ts';
import { startSweeper } from './sweeper.ts';
import { type SyncedTable, syncedTables, type TableDeclaration } from './synced-table.ts';

export interface TrackRequest {
  readonly model: Model;
  readonly tables: Readonly<Record<string, TableDeclaration>>;
  /** Only these; all of the model by default. */
  readonly collections?: readonly string[] | undefined;
  /** By default what it was before, at first `statement`; always `row` on a Citus cluster, a partitioned table or a partition. */
  readonly triggers?: TriggerKind | undefined;
  /** Sends all rows once more to every phone: after columns of the table became visible, for one. */
  readonly again?: boolean | undefined;
  /** Told after each step how many rows of a collection are marked and published. */
  readonly onProgress?: ((collection: string, rows: number) => void) | undefined;
}

/** While another node takes a step. */
const busyPauseMs = 200;

/**
 * Turns the sync of tables on, which may hold rows and be in use: nobody's statement waits longer than a moment. Resolves
 * when all rows are published; killed before, it goes on when it is called again, and so does any server of the model.
 *
 * @throws TypeError when model and tables do not fit together, or a table has no column named `tenant`
 * @throws Error when another transaction has held a table for minutes
 */
export async function track(database: Database, request: TrackRequest): Promise<void> {
  const { model, triggers, again, onProgress } = request;
  const synced = wantedTables(request);
  await migrate(database, { synced, serverTables: [], model: model.version, triggers, again });
  const failures: unknown[] = [];
  const sweeper = startSweeper(database, {
    everyMs: 1000,
    onMoved: () => {},
    onError: (error) => void failures.push(error),
  });
  const publishMarks = async () => {
    await sweeper.sweep();
    if (failures.length > 0) throw failures[0];
  };
  try {
    await publishMarks();
    for (const table of synced) {
      let rows = 0;
      for (let state = 'more'; state !== 'filled';) {
        const step = await fillStep(database.db, table);
        ({ state } = step);
        if (state === 'busy') await sleep(busyPauseMs);
        await publishMarks();
        onProgress?.(table.collection, (rows += step.rows));
      }
    }
  } finally {
    await sweeper.stop();
  }
}

function wantedTables({ model, tables, collections }: TrackRequest): SyncedTable[] {
  const all = syncedTables(model, tables);
  return (collections ?? [...all.keys()]).map((name) => {
    const table = all.get(name);
    if (table === undefined) {
      throw new TypeError(`track: the model has no collection "${name}"; it has ${[...all.keys()].join(', ')}`);
    }
    return table;
  });
}

/**
 * Turns the sync of a collection off: its rows leave the phones; the table keeps them. Take the collection out of the
 * model first: a server that starts with it tracks it again.
 *
 * @returns how many rows left
 * @throws Error when there is no such collection
 */
export async function untrack(
  database: Database,
  collection: string,
  options: db.UntrackOptions = {},
): Promise<number> {
  let rows = 0;
  await withMigrationLock(database, async (on) => {
    rows = await db.untrack(on, collection, options);
  });
  return rows;
}
