import { sql } from 'drizzle-orm';
import { type Database, type Queryable, rowsOf, textArray } from '../db/database.ts';

/** How long it is remembered that a row left a scope, and how often old tombstones are looked for. */
export interface Retention {
  /** A phone that was away for longer takes the scopes anew in which rows have left; it loses nothing. */
  readonly keepMs: number;
  /** Pause between two rounds, over all nodes. */
  readonly everyMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const scopesAtOnce = 500;
/** Deleted in one transaction, under the lock of a scope that writers wait for. */
const tombstonesAtOnce = 500;
/** Deleted in a round; what is left waits for the next one. */
const mostInRound = 200_000;

/** @throws RangeError when it is no number of days */
export function retentionOf(days: number): Retention {
  if (!(days > 0 && days <= 36_500))
    throw new RangeError(`tombstoneDays: ${days} is no number of days above 0 (30 is the default)`);
  const keepMs = days * dayMs;
  // A hundredth more or less of the time that is promised: notes are rows too.
  return { keepMs, everyMs: Math.max(60_000, Math.min(6 * hourMs, keepMs / 100)) };
}

/**
 * Notes how far each scope is, and deletes the tombstones that are older than the retention: those up to the version
 * that the scope was noted to have that long ago.
 *
 * @param isStopped asked between two transactions
 * @returns how many it deleted
 */
export async function sweepTombstones(
  database: Database,
  { keepMs }: Pick<Retention, 'keepMs'>,
  now: Date,
  isStopped: () => boolean = () => false,
): Promise<number> {
  let deleted = 0;
  const enough = () => isStopped() || deleted >= mostInRound;
  const tenants = await rowsOf<{ tenant: string }>(database.db, sql`select distinct tenant from sync.scopes`);
  for (const { tenant } of tenants) {
    for (let after: string | undefined = ''; after !== undefined && !enough();) {
      const page: ScopePage = await notePage(database.db, tenant, after, new Date(now.getTime() - keepMs), now);
      for (const { scope, upTo } of page.due) {
        for (let more = true; more && !enough();) {
          const gone = await deleteSome(database, tenant, scope, upTo);
          deleted += gone;
          more = gone === tombstonesAtOnce;
        }
      }
      after = page.next;
    }
  }
  return deleted;
}

interface ScopePage {
  /** Scopes that had version `upTo` longer ago than the retention. */
  readonly due: readonly { scope: string; upTo: number }[];
  readonly next: string | undefined;
}

/** Notes the versions of some scopes that hold tombstones, and forgets the notes that say nothing any more. */
async function notePage(db: Queryable, tenant: string, after: string, old: Date, now: Date): Promise<ScopePage> {
  const page = await rowsOf<{ scope: string; holds: boolean; upto: string | null }>(
    db,
    sql`with page as (
          select s.scope, s.version,
            exists (select from sync.changes c where c.tenant = ${tenant} and c.scope = s.scope and c.tag = 0) as holds,
            (select max(h.version) from sync.scope_history h
             where h.tenant = ${tenant} and h.scope = s.scope and h.at <= ${old.toISOString()}::timestamptz) as upto
          from sync.scopes s where s.tenant = ${tenant} and s.scope > ${after} order by s.scope limit ${scopesAtOnce}
        ), noted as (
          -- One that has not moved is noted already, at its moment.
          insert into sync.scope_history (tenant, scope, version, at)
          select ${tenant}, scope, version, ${now.toISOString()}::timestamptz from page where holds
          on conflict (tenant, scope, version) do nothing
        )
        select scope, holds, upto::text as upto from page order by scope`,
  );
  const due = page.flatMap(({ scope, holds, upto }) => (holds && upto !== null ? [{ scope, upTo: Number(upto) }] : []));
  const empty = page.filter(({ holds }) => !holds).map(({ scope }) => scope);
  await db.execute(
    sql`delete from sync.scope_history h where h.tenant = ${tenant} and h.scope = any(${textArray(empty)})`,
  );
  // The newest old note stays: a scope that stands still would be noted again as if it had just come there.
  await db.execute(
    sql`delete from sync.scope_history h
        using unnest(${textArray(due.map(({ scope }) => scope))}, ${textArray(
          due.map(({ upTo }) => String(upTo)),
          'bigint',
        )}) d (scope, upto)
        where h.tenant = ${tenant} and h.scope = d.scope and h.version < d.upto`,
  );
  return { due, next: page.length < scopesAtOnce ? undefined : page.at(-1)?.scope };
}

/** Under the scope's lock nothing is published in it: what leaves now gets a version above. */
function deleteSome(database: Database, tenant: string, scope: string, upTo: number): Promise<number> {
  return database.db.transaction(async (tx) => {
    await tx.execute(sql`select from sync.scopes where tenant = ${tenant} and scope = ${scope} for update`);
    // A statement of its own, whose snapshot is of after the lock. The floor rises to what is gone and no further:
    // a phone that has all that left up to there may go on.
    const [row] = await rowsOf<{ gone: number }>(
      tx,
      sql`with old as (
            select c.collection, c.row_id from sync.changes c
            where c.tenant = ${tenant} and c.scope = ${scope} and c.tag = 0 and c.version <= ${upTo}
            order by c.version limit ${tombstonesAtOnce}
          ), gone as (
            delete from sync.changes c using old
            where c.tenant = ${tenant} and c.scope = ${scope} and c.collection = old.collection and c.row_id = old.row_id and c.tag = 0
            returning c.version
          ), raised as (
            update sync.scopes s set floor = greatest(s.floor, g.version) from (select max(version) as version from gone) g
            where s.tenant = ${tenant} and s.scope = ${scope} and g.version is not null
          )
          select count(*)::int as gone from gone`,
    );
    return row?.gone ?? 0;
  });
}

export interface TombstoneSweeper {
  stop(): Promise<void>;
}

/** Sweeps now and then: one node in each round, whichever comes first. */
export function startTombstoneSweeper(
  database: Database,
  retention: Retention,
  { clock, onError }: { clock: () => Date; onError: (error: unknown) => void },
): TombstoneSweeper {
  let stopped = false;
  let wake = () => {};
  const loop = async () => {
    while (!stopped) {
      try {
        const now = clock();
        if (await claimRound(database, retention, now)) await sweepTombstones(database, retention, now, () => stopped);
      } catch (error) {
        if (!stopped) onError(error);
      }
      if (stopped) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, retention.everyMs / 4).unref();
      });
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
}

/** Takes the round that is due, if one is. No lock is held: should this node die, the next round does its work. */
async function claimRound(database: Database, { everyMs }: Retention, now: Date): Promise<boolean> {
  const claimed = await rowsOf(
    database.db,
    sql`insert into sync.settings as s (name, value) values ('tombstones_swept_at', ${now.toISOString()})
        on conflict (name) do update set value = excluded.value
        where s.value::timestamptz <= ${new Date(now.getTime() - everyMs).toISOString()}::timestamptz
        returning name`,
  );
  return claimed.length > 0;
}
