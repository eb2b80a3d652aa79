import type { Authenticated } from './auth.ts';

const most = 10_000;
/** How long a signature that was found good is not checked again: a key that its issuer takes back counts no longer than that. */
const keptMs = 60_000;

/** Tokens whose signatures were checked a moment ago. A phone sends the same one with every request. */
export class VerifiedTokens {
  readonly #clock: () => Date;
  /** Oldest first. */
  readonly #kept = new Map<string, { readonly authenticated: Authenticated; readonly until: number }>();

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  find(token: string): Authenticated | undefined {
    const kept = this.#kept.get(token);
    if (kept === undefined) return undefined;
    if (this.#clock().getTime() < kept.until) return kept.authenticated;
    this.#kept.delete(token);
    return undefined;
  }

  keep(token: string, authenticated: Authenticated): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= most && oldest !== undefined) this.#kept.delete(oldest);
    const until = Math.min(this.#clock().getTime() + keptMs, authenticated.expiresAt.getTime());
    this.#kept.set(token, { authenticated, until });
  }
}
