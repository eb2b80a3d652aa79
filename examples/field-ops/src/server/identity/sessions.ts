import { randomBytes } from 'node:crypto';
import type { Queryable } from '@ekbaar/server';
import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import { digestOf, type RefreshTokens } from './refresh-token.ts';
import { sessions } from './tables.ts';

export type Session = typeof sessions.$inferSelect;
type EndedWhy = NonNullable<Session['endedWhy']>;

const dayMs = 24 * 3_600_000;
/** How long a session lasts without being used. A phone may be out of reach for weeks, and still has to send. */
const idleMs = { phone: 60 * dayMs, console: dayMs / 2 };
/** And at most, however much it is used. */
const longestMs = { phone: 365 * dayMs, console: 7 * dayMs };

/** What became of a refresh token. */
export type Renewal =
  | { readonly outcome: 'renewed'; readonly session: Session; readonly refreshToken: string }
  | { readonly outcome: 'unknown' | 'expired' }
  | { readonly outcome: 'ended'; readonly session: Session; readonly why: EndedWhy }
  /** It was used before, by somebody else: whoever has the newer one loses it. */
  | { readonly outcome: 'reused'; readonly session: Session };

/** Families of refresh tokens. */
export class Sessions {
  readonly #tokens: RefreshTokens;

  constructor(tokens: RefreshTokens) {
    this.#tokens = tokens;
  }

  async start(
    db: Queryable,
    now: Date,
    of: Pick<Session, 'tenant' | 'accountId' | 'kind' | 'phoneId'>,
  ): Promise<{ session: Session; refreshToken: string }> {
    const id = randomBytes(16).toString('base64url');
    const refreshToken = this.#tokens.first(of.tenant, id);
    const [session] = await db
      .insert(sessions)
      .values({
        ...{ ...of, id, tokenHash: digestOf(refreshToken), versionAt: new Date(0) },
        ...{ createdAt: now, usedAt: now, expiresAt: new Date(now.getTime() + idleMs[of.kind]) },
      })
      .returning();
    return { session: session as Session, refreshToken };
  }

  /** Exchanges a refresh token for the next one, in a transaction that the caller commits whatever the outcome is. */
  async renew(tx: Queryable, now: Date, token: string, attempt: string): Promise<Renewal> {
    const read = this.#tokens.read(token);
    if (read === undefined) return { outcome: 'unknown' };
    const own = and(eq(sessions.tenant, read.tenant), eq(sessions.id, read.sessionId));
    const [session] = await tx.select().from(sessions).where(own).for('update');
    if (session === undefined) return { outcome: 'unknown' };
    if (session.endedWhy !== null) return { outcome: 'ended', session, why: session.endedWhy };
    if (session.expiresAt <= now) return { outcome: 'expired' };
    const given = digestOf(token);
    const refreshToken = this.#tokens.next(token, read, attempt);
    const next = digestOf(refreshToken);
    // The answer was lost on the way, and the same is asked again.
    if (given === session.formerHash && next === session.tokenHash)
      return { outcome: 'renewed', session, refreshToken };
    if (given !== session.tokenHash) {
      await end(tx, now, own, 'reused');
      return { outcome: 'reused', session };
    }
    const last = session.createdAt.getTime() + longestMs[session.kind];
    await tx
      .update(sessions)
      .set({
        ...{ tokenHash: next, formerHash: given, usedAt: now },
        expiresAt: new Date(Math.min(last, now.getTime() + idleMs[session.kind])),
      })
      .where(own);
    return { outcome: 'renewed', session, refreshToken };
  }

  /** Who has the token ends its session; one that has ended already is left as it is. */
  async signOut(tx: Queryable, now: Date, token: string): Promise<Session | undefined> {
    const read = this.#tokens.read(token);
    if (read === undefined) return undefined;
    const own = and(eq(sessions.tenant, read.tenant), eq(sessions.id, read.sessionId));
    const [session] = await end(tx, now, own, 'signed_out');
    return session;
  }

  async endOfPhone(tx: Queryable, now: Date, tenant: string, phoneId: string) {
    return end(tx, now, and(eq(sessions.tenant, tenant), eq(sessions.phoneId, phoneId)), 'revoked');
  }

  /** From now on only access tokens that are made anew count: role or regions have changed. */
  async outdate(tx: Queryable, now: Date, tenant: string, accountId: string): Promise<void> {
    await tx
      .update(sessions)
      .set({ version: sql`${sessions.version} + 1`, versionAt: now })
      .where(and(eq(sessions.tenant, tenant), eq(sessions.accountId, accountId), isNull(sessions.endedAt)));
  }
}

/** @param but a session that goes on: the one that asks */
export function endOfAccount(
  tx: Queryable,
  now: Date,
  tenant: string,
  accountId: string,
  why: EndedWhy,
  but?: string,
): Promise<Session[]> {
  const theirs = and(eq(sessions.tenant, tenant), eq(sessions.accountId, accountId));
  return end(tx, now, but === undefined ? theirs : and(theirs, ne(sessions.id, but)), why);
}

function end(tx: Queryable, now: Date, which: ReturnType<typeof and>, why: EndedWhy) {
  return tx
    .update(sessions)
    .set({ endedAt: now, endedWhy: why })
    .where(and(which, isNull(sessions.endedAt)))
    .returning();
}
