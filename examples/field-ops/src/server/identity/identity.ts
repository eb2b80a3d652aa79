/**
 * Who may work with the operation: accounts, sign-in, sessions, phones, resets, and an audit of all of it.
 *
 *   routes.ts         what anybody may ask: sign in, renew, sign out, reset
 *   admin-routes.ts   what operations with all regions may do with accounts and phones
 *   identity.ts       this file: signing in and renewing, put together from
 *     tries.ts          how often somebody may guess
 *     secret-hash.ts    argon2id
 *     sessions.ts       families of refresh tokens (refresh-token.ts)
 *     access-token.ts   what the engine believes, for a quarter of an hour
 *     ended-sessions.ts which of them it no longer does
 *     locked-account.ts an account, while its secret is used or changed
 *     phones.ts, reset-codes.ts, audit.ts, accounts.ts
 *   forget.ts         what the worker deletes every night
 *
 * docs/operations/sign-in.md says what it means for people.
 */
import { type Authenticate, type Database, type EnqueueJobs, ProblemError, type Queryable } from '@ekbaar/server';
import { and, eq } from 'drizzle-orm';
import { agents } from '../tables.ts';
import { AccessTokens } from './access-token.ts';
import { type AuditEntry, type From, note } from './audit.ts';
import { EndedSessions } from './ended-sessions.ts';
import { lockAccount, lockUnchanged } from './locked-account.ts';
import { checkPhone, seePhone } from './phones.ts';
import { RefreshTokens } from './refresh-token.ts';
import { loginOf, type PhoneReport } from './requests.ts';
import { codeMinutes, ResetCodes } from './reset-codes.ts';
import { hashSecret, isSecretOf } from './secret-hash.ts';
import { checkNewSecret } from './secret-rules.ts';
import { endOfAccount, type Session, Sessions } from './sessions.ts';
import { accounts } from './tables.ts';
import { type Counted, resetTriesOf, Tries, triesOf } from './tries.ts';

export type Account = typeof accounts.$inferSelect;

export interface IdentityOptions {
  readonly database: Database;
  /** Signs access tokens, and keys everything else. */
  readonly secret: string;
  readonly clock: () => Date;
  /** Whether accounts of the demo day may sign in. */
  readonly demo: boolean;
  readonly enqueue: EnqueueJobs;
  /** Told of what failed where nobody waits for it. */
  readonly onError: (what: string, error: unknown) => void;
}

/** What signing in and renewing bring. */
export interface SignedIn {
  readonly token: string;
  readonly expiresAt: Date;
  readonly refreshToken: string;
  readonly account: Pick<Account, 'tenant' | 'id' | 'role' | 'login' | 'name' | 'regions'>;
  /** For a phone: opens its data key. */
  readonly escrowKey?: string;
}

/** The secret was right, and good only for choosing another one. */
export interface MustReset {
  readonly mustReset: true;
  readonly code: string;
}

interface SignInDetails {
  readonly tenant: string;
  readonly login: string;
  readonly secret: string;
  readonly console?: boolean | undefined;
  readonly phone?: PhoneReport | undefined;
}

const wrong = () => new ProblemError('unauthenticated', 'Login or secret is not right');

export class Identity {
  readonly db: Queryable;
  readonly clock: () => Date;
  readonly sessions: Sessions;
  readonly codes: ResetCodes;
  readonly tries: Tries;
  readonly ended: EndedSessions;
  readonly #options: IdentityOptions;
  readonly #accessTokens: AccessTokens;

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.db = options.database.db;
    this.clock = options.clock;
    this.sessions = new Sessions(new RefreshTokens(options.secret));
    this.codes = new ResetCodes(options.secret);
    this.tries = new Tries(this.db, this.clock);
    this.ended = new EndedSessions(this.db, this.clock);
    this.#accessTokens = new AccessTokens(options.secret, this.clock);
  }

  /** `authenticate`, without the tokens of sessions that have ended. */
  guarding(authenticate: Authenticate): Authenticate {
    return this.ended.guarding(authenticate);
  }

  /** @throws ProblemError `unauthenticated` whatever of it is wrong, `throttled`, `forbidden` for a blocked phone or account */
  async signIn(asked: SignInDetails, from: From): Promise<SignedIn | MustReset> {
    const { tenant, secret, phone } = asked;
    const login = loginOf(asked.login);
    const address: Counted = { tenant: '*', kind: 'address', key: from.address };
    await this.tries.take(address);
    const tried = triesOf(tenant, login);
    const { locks } = await this.tries.take(tried);
    const account = await this.#accountOf(tenant, login);
    if (!(await isSecretOf(secret, account?.secretHash ?? null)) || account === undefined) {
      await this.note(from, {
        tenant,
        event: locks ? 'locked' : 'refused',
        subject: account?.id ?? login,
        phoneId: phone?.id,
      });
      throw wrong();
    }
    await this.tries.clear(tried);
    await this.tries.giveBack(address);
    await this.#checkActive(this.db, account);
    if (phone !== undefined) await this.#checkPhone(account, phone.id, from);
    const result = await this.db.transaction(async (tx) => {
      const now = this.clock();
      const current = await lockUnchanged(tx, account);
      if (current === undefined) return undefined;
      if (current.mustReset) {
        const { code } = await this.codes.issue(tx, now, tenant, account.id, codeMinutes.sent);
        return { mustReset: true, code } as const;
      }
      // The office's sessions are short whatever the client says of itself.
      const kind = asked.console === true || current.role !== 'agent' ? 'console' : 'phone';
      const of = { tenant, accountId: account.id, kind, phoneId: phone?.id ?? null } as const;
      const { session, refreshToken } = await this.sessions.start(tx, now, of);
      await note(tx, now, from, {
        ...{ tenant, event: 'signed_in', actor: account.id, subject: account.id, phoneId: phone?.id, detail: kind },
      });
      return this.#signedIn(tx, current, session, refreshToken, phone);
    });
    if (result !== undefined) return result;
    await this.note(from, { tenant, event: 'refused', subject: account.id, phoneId: phone?.id });
    throw wrong();
  }

  /** @throws ProblemError `unauthenticated`: sign in again; `forbidden`: the phone or the account was blocked */
  async renew(token: string, attempt: string, phone: PhoneReport | undefined, from: From): Promise<SignedIn> {
    const result = await this.db.transaction(async (tx) => {
      const now = this.clock();
      const renewal = await this.sessions.renew(tx, now, token, attempt);
      if (renewal.outcome === 'reused') {
        const { tenant, accountId: subject, phoneId, id } = renewal.session;
        await note(tx, now, from, {
          tenant,
          event: 'token_reused',
          subject,
          phoneId: phoneId ?? undefined,
          detail: id,
        });
      }
      if (renewal.outcome !== 'renewed') return renewal;
      const { session, refreshToken } = renewal;
      const account = await this.#accountById(tx, session.tenant, session.accountId);
      if (account === undefined) return { outcome: 'unknown' } as const;
      await this.#checkActive(tx, account);
      if (session.phoneId !== null) await checkPhone(tx, session.tenant, session.phoneId);
      // A phone says who it is when it signs in; later reports are of that one.
      const report = session.phoneId === null ? undefined : { ...phone, id: session.phoneId };
      return {
        outcome: 'signed_in',
        signedIn: await this.#signedIn(tx, account, session, refreshToken, report),
      } as const;
    });
    switch (result.outcome) {
      case 'signed_in':
        return result.signedIn;
      case 'ended':
        throw endedProblem(result.why);
      case 'reused':
        this.ended.forget(result.session.tenant);
        throw new ProblemError(
          'unauthenticated',
          'This refresh token was used before: the session has ended, sign in again',
        );
      case 'expired':
      case 'unknown':
        throw new ProblemError('unauthenticated', 'The session is over: sign in again');
    }
  }

  async signOut(token: string, from: From): Promise<void> {
    const session = await this.sessions.signOut(this.db, this.clock(), token);
    if (session === undefined) return;
    const { tenant, accountId, phoneId } = session;
    this.ended.forget(tenant);
    await this.note(from, {
      tenant,
      event: 'signed_out',
      actor: accountId,
      subject: accountId,
      phoneId: phoneId ?? undefined,
    });
  }

  /** Sends a code if there is such an account. Answers nothing, and at once: nobody learns whether there is. */
  async requestReset(tenant: string, typed: string, from: From): Promise<void> {
    const login = loginOf(typed);
    await this.tries.take({ tenant: '*', kind: 'address', key: from.address });
    await this.tries.take({ tenant, kind: 'request', key: `${tenant}\n${login}` });
    void this.#sendCodeTo(tenant, login, from).catch((error: unknown) =>
      this.#options.onError('a reset code could not be sent', error),
    );
  }

  async #sendCodeTo(tenant: string, login: string, from: From): Promise<void> {
    const account = await this.#accountOf(tenant, login);
    if (account === undefined || !account.active) return;
    await this.note(from, { tenant, event: 'reset_requested', subject: account.id });
    await this.sendCode(account);
  }

  /** A new code by text message or e-mail. @returns false: there is nowhere to send it */
  async sendCode(account: Account, minutes: number = codeMinutes.sent): Promise<boolean> {
    const { tenant, id, login, name } = account;
    const byMail = login.includes('@');
    const to = byMail ? login : (account.phone ?? (await this.#agentOf(this.db, account))?.phone);
    if (to === undefined) return false;
    await this.db.transaction(async (tx) => {
      const { code } = await this.codes.issue(tx, this.clock(), tenant, id, minutes);
      const job = { key: crypto.randomUUID(), tenant, kind: 'reset_code', to, name, code, minutes };
      await this.#options.enqueue(tx, byMail ? 'email' : 'sms', [job]);
    });
    return true;
  }

  /** Sets a new secret with a code, and ends all sessions. @throws ProblemError as `signIn`, `malformed` for a bad secret */
  async reset(asked: { tenant: string; login: string; code: string; secret: string }, from: From): Promise<void> {
    const { tenant, code, secret } = asked;
    const login = loginOf(asked.login);
    const address: Counted = { tenant: '*', kind: 'address', key: from.address };
    const tried = resetTriesOf(tenant, login);
    await this.tries.take(address);
    await this.tries.take(tried);
    const account = await this.#accountOf(tenant, login);
    // Before the code is used up; a rule tells nothing of the account that its login does not.
    checkNewSecret(account?.role ?? (login.includes('@') ? 'ops' : 'agent'), secret, login);
    const secretHash = await hashSecret(secret);
    const done =
      account !== undefined &&
      (await this.db.transaction(async (tx) => {
        const now = this.clock();
        // Before the codes, as signing in does: else the two could wait for each other.
        await lockAccount(tx, account);
        if (!(await this.codes.use(tx, now, tenant, account.id, code))) return false;
        await this.#setSecret(tx, account, secretHash);
        await endOfAccount(tx, now, tenant, account.id, 'secret_changed');
        await note(tx, now, from, { tenant, event: 'secret_reset', actor: account.id, subject: account.id });
        return true;
      }));
    if (!done) {
      await this.note(from, { tenant, event: 'refused', subject: account?.id ?? login, detail: 'reset code' });
      throw new ProblemError('unauthenticated', 'The code is not right, or it is good no longer: ask for another one');
    }
    this.ended.forget(tenant);
    await this.tries.unlock(tenant, login);
    await this.tries.giveBack(address);
  }

  /** Changes the own secret; other sessions of the account end. @param sessionId the one that asks goes on */
  async changeSecret(
    who: { tenant: string; id: string; sessionId: string | undefined },
    { old, secret }: { old: string; secret: string },
    from: From,
  ): Promise<void> {
    const { tenant, id, sessionId } = who;
    const account = await this.#accountById(this.db, tenant, id);
    if (account === undefined) throw new ProblemError('forbidden', 'This token is of no account here');
    const tried = triesOf(tenant, account.login);
    await this.tries.take(tried);
    if (!(await isSecretOf(old, account.secretHash))) return this.#refuseChange(account, from);
    await this.tries.clear(tried);
    checkNewSecret(account.role, secret, account.login);
    const secretHash = await hashSecret(secret);
    const done = await this.db.transaction(async (tx) => {
      const now = this.clock();
      if ((await lockUnchanged(tx, account)) === undefined) return false;
      await this.#setSecret(tx, account, secretHash);
      await endOfAccount(tx, now, tenant, id, 'secret_changed', sessionId);
      await note(tx, now, from, { tenant, event: 'secret_changed', actor: id, subject: id });
      return true;
    });
    if (!done) return this.#refuseChange(account, from);
    this.ended.forget(tenant);
  }

  async #refuseChange({ tenant, id }: Account, from: From): Promise<never> {
    await this.note(from, { tenant, event: 'refused', actor: id, subject: id, detail: 'change of secret' });
    throw new ProblemError('forbidden', 'The old secret is not right', {
      issues: [{ path: 'old', message: 'wrong' }],
    });
  }

  note(from: From, entry: AuditEntry): Promise<void> {
    return note(this.db, this.clock(), from, entry);
  }

  async #signedIn(
    tx: Queryable,
    account: Account,
    session: Session,
    refreshToken: string,
    report: PhoneReport | undefined,
  ): Promise<SignedIn> {
    const { tenant, id, role, login, name, regions } = account;
    const seen = report === undefined ? {} : await seePhone(tx, this.clock(), { tenant, accountId: id, report });
    const access = await this.#accessTokens.sign(account, session);
    return { ...access, refreshToken, account: { tenant, id, role, login, name, regions }, ...seen };
  }

  /** An account of the demo day stays one, whoever chose its secret. */
  async #setSecret(tx: Queryable, { tenant, id }: Account, secretHash: string): Promise<void> {
    await tx
      .update(accounts)
      .set({ secretHash, mustReset: false })
      .where(and(eq(accounts.tenant, tenant), eq(accounts.id, id)));
  }

  async #accountOf(tenant: string, login: string): Promise<Account | undefined> {
    const [account] = await this.db
      .select()
      .from(accounts)
      .where(and(eq(accounts.tenant, tenant), eq(accounts.login, login)));
    return this.#known(account);
  }

  async #accountById(tx: Queryable, tenant: string, id: string): Promise<Account | undefined> {
    const [account] = await tx
      .select()
      .from(accounts)
      .where(and(eq(accounts.tenant, tenant), eq(accounts.id, id)));
    return this.#known(account);
  }

  /** Everybody knows the secrets of the demo day: where it is not loaded, nobody has its accounts. */
  #known(account: Account | undefined): Account | undefined {
    return account?.demo === true && !this.#options.demo ? undefined : account;
  }

  async #agentOf(db: Queryable, { tenant, id, role }: Account) {
    if (role !== 'agent') return undefined;
    const [agent] = await db
      .select({ active: agents.active, phone: agents.phone })
      .from(agents)
      .where(and(eq(agents.tenant, tenant), eq(agents.id, id)));
    return agent;
  }

  async #checkActive(db: Queryable, account: Account): Promise<void> {
    const agent = await this.#agentOf(db, account);
    if (!account.active || agent?.active === false)
      throw new ProblemError('forbidden', 'The office has closed this account', {
        issues: [{ path: 'account', message: 'disabled' }],
      });
  }

  async #checkPhone({ tenant, id }: Account, phoneId: string, from: From): Promise<void> {
    try {
      await checkPhone(this.db, tenant, phoneId);
    } catch (error) {
      await this.note(from, { tenant, event: 'phone_refused', actor: id, subject: id, phoneId });
      throw error;
    }
  }
}

function endedProblem(why: NonNullable<Session['endedWhy']>): ProblemError {
  switch (why) {
    case 'revoked':
      return new ProblemError('forbidden', 'The office has blocked this phone', {
        issues: [{ path: 'phone', message: 'revoked' }],
      });
    case 'disabled':
      return new ProblemError('forbidden', 'The office has closed this account', {
        issues: [{ path: 'account', message: 'disabled' }],
      });
    case 'secret_changed':
    case 'signed_out':
    case 'reused':
      return new ProblemError('unauthenticated', 'The session has ended: sign in again');
  }
}
