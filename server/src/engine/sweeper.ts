import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Database } from '../db/database.ts';
import { databaseCode, databaseFault } from '../db/fault.ts';
import { firstFreeMark, lockedCollections, type Mark, markedTenants, newestMark } from './marks.ts';
import { type Moved, publish } from './publish.ts';
import { longerRest, type Rest } from './rest.ts';
import { type Aside, leaveOut, SetAside } from './set-aside.ts';

export interface Sweeper {
  /** Publishes every mark that is committed now, but for what another node has in hand. */
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

export interface SweeperOptions {
  /** Pause between two looks when there was nothing left to do. */
  readonly everyMs: number;
  readonly onMoved: (tenant: string, moved: Moved) => void;
  readonly onError: (error: unknown) => void;
}

const marksPerTransaction = 1000;
const conflictTries = 5;
const lockNotAvailable = '55P03';
const mostRestMs = 60_000;
/**
 * How long a lock is waited for: mutators that write rows of the same buckets wait behind the sweeper, whatever their table.
 */
const lockWaitMs = 500;
/** While all that is left waits for somebody's lock. */
const lockedPauseMs = 50;
/** Of a collection whose table somebody has locked. */
const mostLockedRestMs = 5000;
/** Locks that were not had in time, one after the other: then it is worth a line in the log. */
const manyWaits = 5;
/** What an unreachable database is asked at most. */
const awayPauseMs = 5000;

/** How a tenant fares whose marks could not be published. */
class Trouble {
  /** Each failure makes the batches smaller, each success larger. */
  failures = 0;
  /** Of the tenant as a whole, while the database is at fault. */
  rest: Rest | undefined;
  /** How often in turn a lock that is no table's was not had in time. */
  waits = 0;
  /** Of collections whose table was locked a moment ago: who sweeps all waits for them. */
  locked: Rest | undefined;
  readonly aside = new SetAside();
  /** As long as it rests, another mark that is set aside is not worth another line in the log. */
  report: Rest | undefined;

  get most(): number {
    return Math.max(1, Math.floor(marksPerTransaction / 4 ** this.failures));
  }
}

/**
 * Publishes what other programs wrote: a settlement script, psql, a Django admin on the same tables. It holds none
 * of their locks and sees only what they have committed; a mark that two sweepers see is taken by one. Tenants have
 * turns, so that neither a large backlog nor a failure of one keeps the others waiting; nor does one row of a tenant that
 * cannot be published keep its others.
 */
export function startSweeper(database: Database, { everyMs, onMoved, onError }: SweeperOptions): Sweeper {
  let stopped = false;
  let wake = () => {};
  const troubles = new Map<string, Trouble>();

  /** One transaction of a tenant. Answers whether there is more to do for it. */
  const turn = async (tenant: string, upTo?: string): Promise<boolean> => {
    const trouble = troubles.get(tenant) ?? new Trouble();
    const { most } = trouble;
    if (trouble.locked?.resting === false) trouble.locked = undefined;
    const aside = trouble.aside.now;
    let alone: Mark | undefined;
    try {
      const { moved, more } = await retryingConflicts(() =>
        database.db.transaction(async (tx) => {
          await tx.execute(sql.raw(`set local lock_timeout = ${lockWaitMs}`));
          await leaveOut(tx, aside);
          if (most === 1) alone = await firstFreeMark(tx, tenant, aside);
          const published = await publish(tx, tenant, { most });
          return { moved: published, more: (await firstFreeMark(tx, tenant, aside, upTo)) !== undefined };
        }),
      );
      recover(troubles, tenant, more ? undefined : aside);
      onMoved(tenant, moved);
      return more;
    } catch (error) {
      if (stopped) return false;
      troubles.set(tenant, trouble);
      return await fail(trouble, most === 1 ? (alone ?? 'none') : undefined, error);
    }
  };

  /** Answers whether to go on at once: one mark that cannot be published is looked for, and then left out. */
  const fail = async (trouble: Trouble, alone: Mark | 'none' | undefined, error: unknown): Promise<boolean> => {
    if (databaseCode(error) === lockNotAvailable) return giveWay(trouble, error);
    if (databaseFault(error) !== undefined || alone === 'none') {
      trouble.failures++;
      trouble.rest = longerRest(trouble.rest, mostRestMs);
      onError(error);
      return false;
    }
    if (alone === undefined) {
      trouble.failures++;
      return true;
    }
    // A query that is wrong is so for every row.
    const ofAll = databaseCode(error)?.startsWith('42') === true;
    if (ofAll) trouble.aside.collection(alone.collection);
    else trouble.aside.mark(alone);
    const what = ofAll ? `rows of "${alone.collection}"` : `the row "${alone.row}" of "${alone.collection}"`;
    report(trouble, `${what} cannot be published, and waits aside for another try`, error);
    return true;
  };

  /** Who holds the lock is not disturbed, and what needs it not waits for neither. */
  const giveWay = async (trouble: Trouble, error: unknown): Promise<boolean> => {
    const locked = await lockedCollections(database.db);
    const rests = locked.map((collection) => trouble.aside.collection(collection, mostLockedRestMs));
    if (rests.length > 0) {
      // Somebody truncates now and then; only one who stays is worth a line in the log.
      const stays = rests.some(({ failures }) => failures % manyWaits === 0);
      trouble.locked = stays ? undefined : rests[0];
      if (stays)
        report(trouble, `the table of ${locked.join(', ')} is locked: its rows wait aside for another try`, error);
      return true;
    }
    trouble.rest = longerRest(undefined, mostRestMs);
    trouble.waits++;
    if (trouble.waits % manyWaits === 0) onError(error);
    return trouble.waits % manyWaits !== 0;
  };

  const report = (trouble: Trouble, what: string, cause: unknown) => {
    if (trouble.report?.resting === true) return;
    trouble.report = longerRest(trouble.report, mostRestMs);
    onError(new Error(what, { cause }));
  };

  /** One turn of every tenant that is not resting. */
  const round = async (): Promise<boolean> => {
    let more = false;
    for (const tenant of await markedTenants(database.db)) {
      if (stopped) return false;
      if (troubles.get(tenant)?.rest?.resting !== true) more = (await turn(tenant)) || more;
    }
    return more;
  };

  /** Turns of all tenants, resting or not, until what was committed at the beginning is published. */
  const sweepAll = async (): Promise<void> => {
    let open: { tenant: string; upTo: string }[] = [];
    for (const tenant of await markedTenants(database.db)) {
      const upTo = await newestMark(database.db, tenant);
      if (upTo !== undefined) open.push({ tenant, upTo });
    }
    while (open.length > 0) {
      const left: typeof open = [];
      let goesOn = false;
      for (const one of open) {
        if (stopped) return;
        const more = await turn(one.tenant, one.upTo);
        if (more || troubles.get(one.tenant)?.locked !== undefined) left.push(one);
        goesOn ||= more;
      }
      open = left;
      if (!goesOn && open.length > 0) await sleep(lockedPauseMs);
    }
  };

  // Who waits for a sweep must not come back while the loop has marks in hand.
  const inTurn = oneAfterAnother();
  const loop = async () => {
    for (let failures = 0; !stopped;) {
      let more = false;
      try {
        more = await inTurn(round);
        failures = 0;
      } catch (error) {
        if (!stopped) onError(error);
        failures++;
      }
      if (more || stopped) continue;
      const pauseMs = failures === 0 ? everyMs : Math.min(Math.max(everyMs, awayPauseMs), everyMs * 2 ** failures);
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, pauseMs).unref();
      });
    }
  };
  const running = loop();
  return {
    sweep: () => inTurn(sweepAll),
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
}

/**
 * After a success somewhat more is tried together again.
 *
 * @param allBut what was left out, when all others are published
 */
function recover(troubles: Map<string, Trouble>, tenant: string, allBut: Aside | undefined): void {
  const trouble = troubles.get(tenant);
  if (trouble === undefined) return;
  trouble.rest = undefined;
  trouble.waits = 0;
  trouble.failures = Math.max(0, trouble.failures - 1);
  if (allBut !== undefined) trouble.aside.forget(allBut);
  if (trouble.failures === 0 && trouble.aside.size === 0) troubles.delete(tenant);
}

async function retryingConflicts<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === conflictTries || databaseFault(error) !== 'conflict') throw error;
    }
  }
}

/** Runs what it is given one at a time, in order. */
function oneAfterAnother(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(run);
    last = next.catch(() => {});
    return next;
  };
}
