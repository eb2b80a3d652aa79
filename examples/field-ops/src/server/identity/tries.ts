import { createHash } from 'node:crypto';
import { ProblemError, type Queryable } from '@ekbaar/server';
import { and, eq, isNull, lt, or, sql } from 'drizzle-orm';
import { signInTries } from './tables.ts';

type Kind = typeof signInTries.$inferSelect.kind;

/** Who comes too often, and how. */
export interface Counted {
  /** `*` for what is no tenant's own. */
  readonly tenant: string;
  readonly kind: Kind;
  /** A login or an address; as long as it likes. */
  readonly key: string;
  /** After which try there is no other one without a reset; for logins whose secrets are short. */
  readonly lockAfter?: number;
}

interface Rule {
  /** Tries without a wait. */
  readonly free: number;
  readonly firstWaitSeconds: number;
  readonly longestWaitSeconds: number;
  /** After this long without a try all are forgotten, but for a lock. */
  readonly forgetSeconds: number;
}

const hour = 3600;
/** Thousands of agents share the address of a mobile operator: it must take far more than any of them. */
const rules: Readonly<Record<Kind, Rule>> = {
  login: { free: 5, firstWaitSeconds: 30, longestWaitSeconds: hour, forgetSeconds: 24 * hour },
  reset: { free: 5, firstWaitSeconds: 60, longestWaitSeconds: hour, forgetSeconds: 24 * hour },
  request: { free: 3, firstWaitSeconds: 300, longestWaitSeconds: 6 * hour, forgetSeconds: 24 * hour },
  address: { free: 50, firstWaitSeconds: 2, longestWaitSeconds: 300, forgetSeconds: hour },
};
/** Until somebody resets it. */
const locked = new Date('9999-12-31T00:00:00Z');

/**
 * Counts tries in the database, so that neither a restart nor another node forgets them. A try is counted before it is
 * made: a thousand at the same moment are a thousand. A login is counted whether it is somebody's or not.
 */
export class Tries {
  readonly #db: Queryable;
  readonly #clock: () => Date;

  constructor(db: Queryable, clock: () => Date) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Counts a try. @throws ProblemError `throttled` with the seconds to wait; nothing is counted then */
  async take(counted: Counted): Promise<{ readonly locks: boolean }> {
    const now = this.#clock();
    const { tenant, kind, lockAfter } = counted;
    const rule = rules[kind];
    const forgotten = new Date(now.getTime() - rule.forgetSeconds * 1000);
    const t = signInTries;
    const tries = sql`(case when ${t.at} < ${forgotten.toISOString()}::timestamptz then 1 else ${t.tries} + 1 end)`;
    const wait = (count: ReturnType<typeof sql>) => sql`case
      when ${count} >= ${lockAfter ?? 2_000_000_000}::int then ${locked.toISOString()}::timestamptz
      when ${count} >= ${rule.free}::int then ${now.toISOString()}::timestamptz + make_interval(secs => least(${rule.longestWaitSeconds}::float8,
        ${rule.firstWaitSeconds}::float8 * power(2, least(${count} - ${rule.free}::int, 20))))
      end`;
    const [taken] = await this.#db
      .insert(t)
      .values({ tenant, kind, key: keyOf(counted), tries: 1, at: now })
      .onConflictDoUpdate({
        target: [t.tenant, t.kind, t.key],
        set: { tries, at: now, waitUntil: wait(tries) },
        setWhere: sql`${t.waitUntil} is null or ${t.waitUntil} <= ${now.toISOString()}::timestamptz`,
      })
      .returning({ waitUntil: t.waitUntil });
    if (taken !== undefined) return { locks: taken.waitUntil?.getTime() === locked.getTime() };
    const [kept] = await this.#db.select({ waitUntil: t.waitUntil }).from(t).where(this.#where(counted));
    throw tooOften(kind, kept?.waitUntil ?? now, now);
  }

  /** The try was a good one: all of this kind are forgotten. */
  async clear(counted: Counted): Promise<void> {
    await this.#db.delete(signInTries).where(this.#where(counted));
  }

  /** Who guessed too often may try again. */
  async unlock(tenant: string, login: string): Promise<void> {
    await this.clear(triesOf(tenant, login));
    await this.clear(resetTriesOf(tenant, login));
  }

  /** The try was a good one, but says nothing of the others. */
  async giveBack(counted: Counted): Promise<void> {
    await this.#db
      .update(signInTries)
      .set({ tries: sql`greatest(${signInTries.tries} - 1, 0)`, waitUntil: null })
      .where(this.#where(counted));
  }

  /** Forgets what nobody need remember any more; a lock is not among it. @returns how many */
  async sweep(): Promise<number> {
    const now = this.#clock();
    const old = new Date(now.getTime() - 30 * 24 * hour * 1000);
    const { at, waitUntil } = signInTries;
    const forgotten = await this.#db
      .delete(signInTries)
      .where(and(lt(at, old), or(isNull(waitUntil), lt(waitUntil, now))))
      .returning({ key: signInTries.key });
    return forgotten.length;
  }

  #where(counted: Counted) {
    return and(
      eq(signInTries.tenant, counted.tenant),
      eq(signInTries.kind, counted.kind),
      eq(signInTries.key, keyOf(counted)),
    );
  }
}

function tooOften(kind: Kind, waitUntil: Date, now: Date): ProblemError {
  if (waitUntil.getTime() === locked.getTime())
    return new ProblemError('throttled', 'Too many wrong tries: the office must reset this PIN', {
      issues: [{ path: 'secret', message: 'locked' }],
    });
  const retryAfterSeconds = Math.max(1, Math.ceil((waitUntil.getTime() - now.getTime()) / 1000));
  const whose = kind === 'address' ? 'from this address' : 'for this login';
  return new ProblemError('throttled', `Too many tries ${whose}: wait, and try again`, { retryAfterSeconds });
}

/** Six digits are a million: after so many wrong ones somebody has to look. */
const pinTries = 10;

/** Guesses at the secret of a login. */
export function triesOf(tenant: string, login: string): Counted {
  // Whoever locks an office out for good needs only its address: its passwords are long enough for a wait.
  const lock = login.includes('@') ? {} : { lockAfter: pinTries };
  return { tenant, kind: 'login', key: `${tenant}\n${login}`, ...lock };
}

/** Guesses at a reset code of a login. */
export function resetTriesOf(tenant: string, login: string): Counted {
  return { tenant, kind: 'reset', key: `${tenant}\n${login}` };
}

/** Of one length, whatever was sent. */
function keyOf({ key }: Counted): string {
  return createHash('sha256').update(key).digest('base64url');
}
