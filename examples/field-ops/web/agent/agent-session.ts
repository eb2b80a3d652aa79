import type { Account } from '../shared/account.ts';
import { AuthError, type PhoneReport, refresh, signOut } from '../shared/auth-line.ts';
import type { Ended, OpenVault } from './vault/phone-vault.ts';

/** Somebody is signed in on this phone, with or without a network: their key is in memory, and tokens are renewed. */
export class AgentSession {
  readonly account: Account;
  readonly vault: OpenVault;
  /** What the phone says of itself when it renews. */
  report: Partial<PhoneReport> = {};
  readonly #phone: PhoneReport;
  readonly #listeners = new Set<() => void>();
  #access: string | null;
  #ended: Ended | null;
  /** Signed in just now: the office knows the phone's name, and nothing else of it. */
  #isNew: boolean;

  /** @param access of an online sign-in, which has just been */
  constructor(
    account: Account,
    vault: OpenVault,
    phone: PhoneReport,
    first: { access: string | null; ended: Ended | null },
  ) {
    this.account = account;
    this.vault = vault;
    this.#phone = phone;
    this.#access = first.access;
    this.#isNew = first.access !== null;
    this.#ended = first.ended;
  }

  /** Why the server ended the session; null: it goes on, as far as this phone knows. */
  readonly ended = (): Ended | null => this.#ended;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** For the SDK. Throws when there is none now: without a network, with a busy server, after the session's end. */
  readonly token = async (why: 'first' | 'expired'): Promise<string> => {
    if (why === 'first' && this.#access !== null) return this.#access;
    this.#access = null;
    this.#access = await this.#oneByOne(() => this.#renew());
    return this.#access;
  };

  /** Tells the office of a new phone at once what it says of itself; of others it hears with every renewal. */
  async introduce(): Promise<void> {
    if (!this.#isNew) return;
    this.#isNew = false;
    this.#access = await this.#oneByOne(() => this.#renew());
  }

  /** The phone forgets the session; the server hears of it if there is a network, which on a bad line nobody waits for. */
  async signOut(): Promise<void> {
    await this.#oneByOne(async () => {
      const renewal = await this.vault.readRenewal();
      await this.vault.keepRenewal(null);
      if (renewal) signOut(renewal.token).catch(() => undefined);
    });
  }

  async #renew(): Promise<string> {
    const renewal = await this.vault.readRenewal();
    if (renewal === null) {
      this.#end((await this.vault.readEnded()) ?? 'sign_in_again');
      throw new Error('Nobody is signed in: the PIN is needed, with a network');
    }
    // Kept before it is sent: if the answer is lost, the same attempt brings the same token again.
    const { token, attempt } = renewal;
    const trying = attempt ?? crypto.randomUUID();
    if (attempt === null) await this.vault.keepRenewal({ token, attempt: trying });
    try {
      const signedIn = await refresh(trying, { token, phone: { ...this.#phone, ...this.report } });
      await this.vault.keepRenewal({ token: signedIn.refreshToken ?? token, attempt: null });
      return signedIn.token;
    } catch (error) {
      const ended = endOf(error);
      if (ended !== null) {
        await this.vault.keepEnded(ended);
        this.#end(ended);
      }
      throw error;
    }
  }

  #end(ended: Ended): void {
    this.#ended = ended;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Tabs share the refresh token: only one of them renews it at a time. */
  #oneByOne<T>(run: () => Promise<T>): Promise<T> {
    const { tenant, sub } = this.account;
    return navigator.locks.request(`ekbaar.session ${tenant} ${sub}`, run) as Promise<T>;
  }
}

const blocking: ReadonlySet<string> = new Set(['phone', 'account']);

/** Only the server's own no ends a session; being offline, a busy server or a captive portal never do. */
function endOf(error: unknown): Ended | null {
  if (!(error instanceof AuthError) || error.code !== 'refused') return null;
  if (error.status !== 401 && error.status !== 403) return null;
  // Another session of the same person goes on: only the office's own no to the phone or the account blocks.
  return blocking.has(error.issue?.path ?? '') ? 'revoked' : 'sign_in_again';
}
