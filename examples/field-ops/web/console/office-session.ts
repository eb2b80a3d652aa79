import type { Account } from '../shared/account.ts';
import { accountOf, AuthError, refresh, type SignedIn, type SignInOptions, signOut } from '../shared/auth-line.ts';

const attemptKey = 'ekbaar.console.attempt';

/**
 * Somebody of the office is signed in. The access token is in memory only, and the refresh token in a cookie that no
 * script can read: what an injected script could take away is good for a quarter of an hour at most.
 */
export class OfficeSession {
  readonly account: Account;
  readonly #onEnd: () => void;
  #access: Promise<string> | null;

  constructor(signedIn: SignedIn, operators: SignInOptions['operators'], onEnd: () => void) {
    this.account = accountOf(signedIn, operators);
    this.#access = Promise.resolve(signedIn.token);
    this.#onEnd = onEnd;
  }

  /** The session that this browser's cookie is of; null: nobody is signed in. @throws AuthError without an answer */
  static async resume(operators: SignInOptions['operators'], onEnd: () => void): Promise<OfficeSession | null> {
    try {
      return new OfficeSession(await renew(), operators, onEnd);
    } catch (error) {
      if (isEnd(error)) return null;
      throw error;
    }
  }

  /** @param why `expired`: the server has refused the one before. Whoever asks meanwhile gets the same. */
  token(why: 'first' | 'expired'): Promise<string> {
    if (why === 'expired') this.#access = null;
    this.#access ??= this.#renewed();
    return this.#access;
  }

  async #renewed(): Promise<string> {
    try {
      return (await renew()).token;
    } catch (error) {
      this.#access = null;
      if (isEnd(error)) this.#onEnd();
      throw error;
    }
  }

  async signOut(): Promise<void> {
    await signOut(undefined).catch(() => undefined);
    this.#onEnd();
  }
}

/** Tabs share the cookie: one renews at a time. The attempt stays until the answer is there, so that a lost one costs nothing. */
async function renew(): Promise<SignedIn> {
  return navigator.locks.request(attemptKey, async () => {
    const attempt = localStorage.getItem(attemptKey) ?? crypto.randomUUID();
    localStorage.setItem(attemptKey, attempt);
    try {
      const signedIn = await refresh(attempt, 'console');
      localStorage.removeItem(attemptKey);
      return signedIn;
    } catch (error) {
      if (isEnd(error)) localStorage.removeItem(attemptKey);
      throw error;
    }
  });
}

function isEnd(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'refused' && (error.status === 401 || error.status === 403);
}
