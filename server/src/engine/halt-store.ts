import { DrizzleQueryError, sql } from 'drizzle-orm';
import { type Database, type Queryable, rowsOf, textArray } from '../db/database.ts';
import { writing } from './transaction.ts';

/** How often a mutation's mutator has thrown, and since when. */
export interface Halt {
  readonly tries: number;
  readonly firstAt: Date;
}

/** When a mutation that keeps throwing becomes a dead letter: after both. */
export interface HaltPolicy {
  readonly tries: number;
  readonly minutes: number;
}

export async function findHalts(tx: Queryable, tenant: string, keys: readonly string[]): Promise<Map<string, Halt>> {
  const rows = await rowsOf<{ key: string; tries: number; first_ms: number }>(
    tx,
    sql`select key, tries, (extract(epoch from first_at) * 1000)::float8 as first_ms from sync.halts
        where tenant = ${tenant} and key = any(${textArray(keys)}::uuid[])`,
  );
  return new Map(rows.map((row) => [row.key, { tries: row.tries, firstAt: new Date(row.first_ms) }]));
}

/** Counts one more failed try, in a transaction of its own: the one that failed has been rolled back. */
export async function noteHalt(
  database: Database,
  tenant: string,
  key: string,
  error: unknown,
  now: Date,
): Promise<Halt> {
  const { value } = await writing(database, tenant, (tx) =>
    rowsOf<{ tries: number; first_ms: number }>(
      tx,
      sql`insert into sync.halts (tenant, key, tries, first_at, last_at, error)
          values (${tenant}, ${key}, 1, ${now.toISOString()}::timestamptz, ${now.toISOString()}::timestamptz, ${describe(error)})
          on conflict (tenant, key) do update set tries = halts.tries + 1, last_at = excluded.last_at, error = excluded.error
          returning tries, (extract(epoch from first_at) * 1000)::float8 as first_ms`,
    ),
  );
  const [row] = value;
  return { tries: row?.tries ?? 1, firstAt: new Date(row?.first_ms ?? now) };
}

export async function forgetHalt(tx: Queryable, tenant: string, key: string): Promise<void> {
  await tx.execute(sql`delete from sync.halts where tenant = ${tenant} and key = ${key}`);
}

/** Whether the try that just failed was the last one. */
export function isLastTry(halt: Halt | undefined, policy: HaltPolicy, now: Date): boolean {
  return (
    halt !== undefined &&
    halt.tries + 1 >= policy.tries &&
    now.getTime() - halt.firstAt.getTime() >= policy.minutes * 60_000
  );
}

/** How long the client should wait before the next try: doubling from 2 s to a minute. */
export function haltPauseMs(halt: Halt): number {
  return Math.min(60_000, 1000 * 2 ** Math.min(halt.tries, 6));
}

function describe(error: unknown): string {
  const chain: string[] = [];
  for (let at: unknown = error; at instanceof Error && chain.length < 5; at = at.cause) {
    // Drizzle's own message quotes the statement's parameters: a customer's data.
    if (!(at instanceof DrizzleQueryError)) chain.push(`${at.name}: ${at.message}`);
  }
  return (chain.length > 0 ? chain.join(' ← ') : String(error)).replaceAll('\0', '').slice(0, 2000);
}
