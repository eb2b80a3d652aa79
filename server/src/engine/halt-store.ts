import { DrizzleQueryError, sql } from 'drizzle-orm';
import { type Database, type Queryable, rowsOf } from '../db/database.ts';
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

/** As `haltColumns` reads it. */
export interface HaltRow {
  readonly key: string;
  readonly tries: number;
  readonly first_ms: number;
}

export const haltColumns = sql.raw('key, tries, (extract(epoch from first_at) * 1000)::float8 as first_ms');

export function haltsByKey(rows: readonly HaltRow[]): Map<string, Halt> {
  return new Map(rows.map((row) => [row.key, { tries: row.tries, firstAt: new Date(row.first_ms) }]));
}

/** What stands of a try whose process ended before it did, in front of what the one before failed of. */
const unfinished = 'begun, and never heard of again';
const andBefore = `${unfinished}; before: `;
/** What a halt says without the try that is only noted. */
const errorBefore = sql`case when starts_with(halts.error, ${andBefore}) then substr(halts.error, ${andBefore.length + 1}) else halts.error end`;

/**
 * Counts one more try, in a transaction of its own: before it starts, so that one that takes the process with it is
 * counted too, or after the first one failed.
 */
export async function noteTry(
  database: Database,
  tenant: string,
  key: string,
  now: Date,
  error?: unknown,
): Promise<Halt> {
  const { value } = await writing(database, tenant, (tx) => countTry(tx, tenant, key, now, error));
  return value ?? { tries: 1, firstAt: now };
}

/** As `noteTry`, of a dead letter that is to be run again. Only for one that is open: whatever else stands is not run. */
export async function noteRetry(database: Database, tenant: string, key: string, now: Date): Promise<boolean> {
  const { value } = await writing(database, tenant, async (tx) => {
    const open = await rowsOf(
      tx,
      sql`select from sync.receipts where tenant = ${tenant} and key = ${key} and status = 'dead' and closed_at is null for update`,
    );
    if (open.length > 0) await countTry(tx, tenant, key, now);
    return open.length > 0;
  });
  return value;
}

async function countTry(
  tx: Queryable,
  tenant: string,
  key: string,
  now: Date,
  error?: unknown,
): Promise<Halt | undefined> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const rows = await rowsOf<HaltRow>(
    tx,
    sql`insert into sync.halts (tenant, key, tries, first_at, last_at, error)
        values (${tenant}, ${key}, 1, ${at}, ${at}, ${error === undefined ? unfinished : describe(error)})
        on conflict (tenant, key) do update set tries = halts.tries + 1, last_at = excluded.last_at,
          error = case when ${error === undefined} and halts.error <> ${unfinished} then ${andBefore}::text || ${errorBefore} else excluded.error end
        returning ${haltColumns}`,
  );
  return haltsByKey(rows).get(key);
}

/** Says of what a try failed; the first one is only counted now, each later one was before it began (`noted`). */
export async function noteFailure(
  database: Database,
  tenant: string,
  key: string,
  noted: Halt | undefined,
  error: unknown,
  now: Date,
): Promise<Halt> {
  if (noted === undefined) return noteTry(database, tenant, key, now, error);
  await writing(database, tenant, (tx) => describeHalt(tx, tenant, key, error));
  return noted;
}

/** Puts down what the noted try failed of. */
export async function describeHalt(tx: Queryable, tenant: string, key: string, error: unknown): Promise<void> {
  await tx.execute(sql`update sync.halts set error = ${describe(error)} where tenant = ${tenant} and key = ${key}`);
}

/** Takes a noted try back: the database failed it, and that is no fault of the mutation's. */
export async function uncountTry(database: Database, tenant: string, key: string): Promise<void> {
  await writing(database, tenant, async (tx) => {
    await tx.execute(
      sql`update sync.halts set tries = tries - 1, error = ${errorBefore} where tenant = ${tenant} and key = ${key}`,
    );
    await tx.execute(sql`delete from sync.halts where tenant = ${tenant} and key = ${key} and tries <= 0`);
  });
}

export async function forgetHalt(tx: Queryable, tenant: string, key: string): Promise<void> {
  await tx.execute(sql`delete from sync.halts where tenant = ${tenant} and key = ${key}`);
}

/** Whether the tries counted so far are enough to give up. */
export function isSpent({ tries, firstAt }: Halt, policy: HaltPolicy, now: Date): boolean {
  return tries >= policy.tries && now.getTime() - firstAt.getTime() >= policy.minutes * 60_000;
}

/** How long the client should wait before the next try: doubling from 2 s to a minute. */
export function haltPauseMs(halt: Halt): number {
  return Math.min(60_000, 1000 * 2 ** Math.min(halt.tries, 6));
}

/** Names and messages of an error and its causes; never a statement's parameters. */
export function describe(error: unknown): string {
  const chain: string[] = [];
  for (let at: unknown = error; at instanceof Error && chain.length < 5; at = at.cause) {
    // Drizzle's own message quotes the statement's parameters: a customer's data.
    if (!(at instanceof DrizzleQueryError)) chain.push(`${at.name}: ${at.message}`);
  }
  // An object that is no error has no text of its own, and may have none at all.
  const thrown = typeof error === 'object' && error !== null ? 'an object was thrown, no Error' : String(error);
  return (chain.length > 0 ? chain.join(' ← ') : thrown).replaceAll('\0', '').slice(0, 2000);
}
