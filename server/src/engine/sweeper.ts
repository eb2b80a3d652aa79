import type { Database } from '../db/database.ts';
import { databaseFault } from '../db/fault.ts';
import { hasFreeMark, markedTenants, newestMark } from './marks.ts';
import { type Moved, publish } from './publish.ts';

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
const leastRestMs = 1000;
const mostRestMs = 60_000;
/** What an unreachable database is asked at most. */
const awayPauseMs = 5000;

/** A tenant whose marks could not be published: it rests ever longer, and then fewer of them are tried together. */
interface Trouble {
  readonly failures: number;
  resting: boolean;
}

/**
 * Publishes what other programs wrote: a settlement script, psql, a Django admin on the same tables. It holds none
 * of their locks and sees only what they have committed; a mark that two sweepers see is taken by one. Tenants have
 * turns, so that neither a large backlog nor a failure of one keeps the others waiting.
 */
export function startSweeper(database: Database, { everyMs, onMoved, onError }: SweeperOptions): Sweeper {
  let stopped = false;
  let wake = () => {};
  const troubles = new Map<string, Trouble>();

  const rest = (tenant: string) => {
    const failures = (troubles.get(tenant)?.failures ?? 0) + 1;
    const trouble = { failures, resting: true };
    troubles.set(tenant, trouble);
    setTimeout(() => (trouble.resting = false), Math.min(mostRestMs, leastRestMs * 2 ** (failures - 1))).unref();
  };

  const publishSome = (tenant: string, upTo: string | undefined) =>
    retryingConflicts(async () => {
      const most = Math.max(1, Math.floor(marksPerTransaction / 4 ** (troubles.get(tenant)?.failures ?? 0)));
      return database.db.transaction(async (tx) => {
        const moved = await publish(tx, tenant, { most });
        return { moved, more: await hasFreeMark(tx, tenant, upTo) };
      });
    });

  /** One transaction of a tenant. Answers whether there is more to do for it. */
  const turn = async (tenant: string, upTo?: string): Promise<boolean> => {
    try {
      const { moved, more } = await publishSome(tenant, upTo);
      recover(troubles, tenant);
      onMoved(tenant, moved);
      return more;
    } catch (error) {
      if (stopped) return false;
      rest(tenant);
      onError(error);
      return false;
    }
  };

  /** One turn of every tenant that is not resting. */
  const round = async (): Promise<boolean> => {
    let more = false;
    for (const tenant of await markedTenants(database.db)) {
      if (stopped) return false;
      if (troubles.get(tenant)?.resting !== true) more = (await turn(tenant)) || more;
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
      for (const one of open) {
        if (stopped) return;
        if (await turn(one.tenant, one.upTo)) left.push(one);
      }
      open = left;
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

/** After a success somewhat more is tried together again. */
function recover(troubles: Map<string, Trouble>, tenant: string): void {
  const trouble = troubles.get(tenant);
  if (trouble === undefined) return;
  if (trouble.failures === 1) troubles.delete(tenant);
  else troubles.set(tenant, { failures: trouble.failures - 1, resting: false });
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
