import { setTimeout as sleep } from 'node:timers/promises';
import { fillStep } from '../db/backfill.ts';
import type { Database } from '../db/database.ts';
import { scopesQueryIn } from '../db/scopes-query.ts';
import { trackedTables } from '../db/tracked-tables.ts';
import type { SyncedTable } from './synced-table.ts';

export interface BackfillLoop {
  stop(): Promise<void>;
}

/** How often a node looks whether a backfill was left unfinished, by itself or by another. */
const lookEveryMs = 10_000;

/**
 * Goes on marking the rows of large tables while the server is at work, a step at a time, each published before the next:
 * what other programs write meanwhile waits behind one step at most. Nodes take steps in turn.
 *
 * @param sweep publishes what is marked
 */
export function startBackfill(
  database: Database,
  tables: ReadonlyMap<string, SyncedTable>,
  { sweep, onError }: { sweep: () => Promise<void>; onError: (error: unknown) => void },
): BackfillLoop {
  const stopping = new AbortController();
  const { signal } = stopping;

  const fill = async (table: SyncedTable) => {
    while (!signal.aborted && (await fillStep(database.db, table)).state === 'more') await sweep();
    await sweep();
  };

  const loop = async () => {
    while (!signal.aborted) {
      try {
        for (const { collection, scopesQuery, filled } of await trackedTables(database.db)) {
          const table = tables.get(collection);
          // One that is declared otherwise is another version's.
          if (filled || table === undefined || (await scopesQueryIn(database.db, table)) !== scopesQuery) continue;
          await fill(table);
        }
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
      await sleep(lookEveryMs, undefined, { signal, ref: false }).catch(() => {});
    }
  };
  const running = loop();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
