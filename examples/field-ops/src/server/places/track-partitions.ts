import { type Queryable, rowsOf } from '@ekbaar/server';
import { sql } from 'drizzle-orm';

/** How many months beyond the present one are made in advance: the beat may fail for that long. */
const monthsAhead = 2;
const dayMs = 24 * 60 * 60_000;
/** All nodes and workers take turns. */
const turn = 0x747261636b;

/** A month's part of `agent_track`: it holds `from` up to `to`, both `YYYY-MM-DD`. */
interface Month {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

export interface TrackPartitions {
  readonly made: readonly string[];
  readonly dropped: readonly string[];
}

/**
 * Makes the partitions of `agent_track` for this month and the next ones, drops those whose last day is older than
 * `keepDays`, and clears the default partition of what is. May be repeated at any time; needs the owner of the table.
 *
 * Months are UTC's. What no month takes, such as the ping of a phone whose clock says 2001, is in the default partition.
 */
export async function keepTrackPartitions(db: Queryable, now: Date, keepDays: number): Promise<TrackPartitions> {
  const oldest = new Date(now.getTime() - keepDays * dayMs);
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${turn})`);
    const there = await rowsOf<{ name: string }>(
      tx,
      sql`select c.relname::text as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = 'agent_track'::regclass and c.relname ~ '^agent_track_\\d{4}_\\d{2}$'`,
    );
    const names = new Set(there.map(({ name }) => name));
    const made: string[] = [];
    for (let ahead = 0; ahead <= monthsAhead; ahead++) {
      const month = monthOf(now, ahead);
      if (names.has(month.name)) continue;
      await make(tx, month);
      made.push(month.name);
    }
    const dropped = [...names].filter((name) => endOf(name) <= oldest.getTime());
    for (const name of dropped) await tx.execute(sql.raw(`drop table ${name}`));
    await tx.execute(sql`delete from agent_track_default where at < ${oldest.toISOString()}::timestamptz`);
    return { made, dropped };
  });
}

/** Made beside the track and attached to it: `create table … partition of` would stop everybody's pings meanwhile. */
async function make(tx: Queryable, { name, from, to }: Month): Promise<void> {
  // Both are our own digits.
  const range = `for values from ('${from} 00:00+00') to ('${to} 00:00+00')`;
  await tx.execute(sql.raw(`create table ${name} (like agent_track including all)`));
  // What came before the month had a table of its own moves into it, and nothing more may come meanwhile.
  await tx.execute(sql`lock table agent_track_default in access exclusive mode`);
  await tx.execute(
    sql.raw(
      `with moved as (delete from agent_track_default where at >= '${from} 00:00+00' and at < '${to} 00:00+00' returning *)
       insert into ${name} select * from moved`,
    ),
  );
  await tx.execute(sql.raw(`alter table agent_track attach partition ${name} ${range}`));
}

function monthOf(now: Date, ahead: number): Month {
  const first = (more: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + more, 1));
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const from = day(first(ahead));
  return { name: `agent_track_${from.slice(0, 7).replace('-', '_')}`, from, to: day(first(ahead + 1)) };
}

/** When the month of a partition is over. */
function endOf(name: string): number {
  const [year = 0, month = 0] = name.slice('agent_track_'.length).split('_').map(Number);
  return Date.UTC(year, month, 1);
}
