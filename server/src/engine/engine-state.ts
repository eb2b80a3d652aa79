import { sql } from 'drizzle-orm';
import { type Database, rowsOf } from '../db/database.ts';
import { readBacklog } from './marks.ts';

/** What waits in the database for somebody, over all tenants. */
export interface EngineState {
  /** Mutations that became dead letters and were neither retried nor closed. */
  readonly deadLetters: number;
  /** Mutations whose mutator threw and that will be tried again. */
  readonly halted: number;
  /** Writes that are not published yet, and for how long the oldest of them has waited; null when there is none. */
  readonly marks: number;
  readonly oldestMarkMs: number | null;
}

/** Nobody acts differently on more, and counting further would cost. */
const most = 10_000;

/** Reads it, at a cost that does not grow with the tables: what is above 10,000 (marks: 100,000) is not counted. */
export async function readState(database: Database): Promise<EngineState> {
  const { marks, oldestMs } = await readBacklog(database.db);
  const [row] = await rowsOf<Record<'dead' | 'halted', number | string>>(
    database.db,
    sql`select
          (select count(*) from (select from sync.receipts where status = 'dead' and closed_at is null limit ${most}) d) as dead,
          (select count(*) from (select from sync.halts h where not exists
            -- a dead letter's: it says of what it died
            (select from sync.receipts r where r.tenant = h.tenant and r.key = h.key) limit ${most}) h) as halted`,
  );
  return {
    deadLetters: Number(row?.dead ?? 0),
    halted: Number(row?.halted ?? 0),
    marks,
    oldestMarkMs: oldestMs,
  };
}
