import { sql } from 'drizzle-orm';
import { type Database, rowsOf } from '../db/database.ts';
import { type Moved, publish } from './publish.ts';

export interface Sweeper {
  /** Publishes every mark that is committed now. */
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

const marksPerTransaction = 1000;

/**
 * Publishes what other programs wrote: a settlement script, psql, a Django admin on the same tables. It holds none
 * of their locks; a mark that two sweepers see is taken by one.
 *
 * @param everyMs pause between two looks
 */
export function startSweeper(
  database: Database,
  {
    everyMs,
    onMoved,
    onError,
  }: { everyMs: number; onMoved: (tenant: string, moved: Moved) => void; onError: (error: unknown) => void },
): Sweeper {
  let stopped = false;
  let wake = () => {};

  const sweepTenant = async (tenant: string) => {
    for (let more = true; more && !stopped;) {
      const { moved, left } = await database.db.transaction(async (tx) => {
        const published = await publish(tx, tenant, { most: marksPerTransaction });
        const [rest] = await rowsOf<{ left: boolean }>(
          tx,
          sql`select exists (select from sync.dirty where tenant = ${tenant}) as left`,
        );
        return { moved: published, left: rest?.left === true };
      });
      onMoved(tenant, moved);
      more = left && moved.size > 0;
    }
  };

  const sweep = async () => {
    const tenants = await rowsOf<{ tenant: string }>(database.db, sql`select distinct tenant from sync.dirty`);
    for (const { tenant } of tenants) {
      try {
        await sweepTenant(tenant);
      } catch (error) {
        // What one tenant's rows do must not keep the others' from being published.
        if (!stopped) onError(error);
      }
    }
  };

  const loop = async () => {
    while (!stopped) {
      try {
        await sweep();
      } catch (error) {
        if (!stopped) onError(error);
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, everyMs).unref();
      });
    }
  };
  const running = loop();
  return {
    sweep,
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
}
