import type { Actor } from '../client-options.ts';
import { SyncError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import { withTimeLimit } from './time-limit.ts';

/** The app may ask its own server for a token, over the same bad line. */
const timeLimitMs = 60_000;

type Ask = (why: 'first' | 'expired') => Promise<string> | string;

/** The token the app gave last, and how to get another. */
export class Tokens {
  readonly #ask: Ask;
  readonly #actor: Actor;
  readonly #platform: Pick<Platform, 'setTimeout' | 'clearTimeout'>;
  readonly #closing: AbortSignal;
  #token: string | undefined;
  /** Somebody refused the token, but perhaps not the server: a newer one would be better. */
  #doubted = false;
  #asked: 'first' | 'expired' = 'first';
  #asking: Promise<string> | undefined;

  /** @param actor whose log the token goes with. */
  constructor(ask: Ask, actor: Actor, platform: Pick<Platform, 'setTimeout' | 'clearTimeout'>, closing: AbortSignal) {
    this.#ask = ask;
    this.#actor = actor;
    this.#platform = platform;
    this.#closing = closing;
  }

  /** @throws SyncError `needs_token` when the app has none. */
  async current(): Promise<string> {
    return this.#token === undefined || this.#doubted ? this.#renew() : this.#token;
  }

  /**
   * `token` was refused, unless there is a newer one already: asks the app for another.
   *
   * @param surely the server said so itself. A gateway or a portal may have: then the old one will do when the app
   * has no other.
   */
  refused(token: string, surely: boolean): void {
    if (this.#token !== token) return;
    if (surely) this.#token = undefined;
    else this.#doubted = true;
  }

  async #renew(): Promise<string> {
    this.#asking ??= this.#askApp().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #askApp(): Promise<string> {
    let message = 'The app has no token now: sign the person in';
    try {
      const token = await withTimeLimit(this.#platform, timeLimitMs, [this.#closing], async () =>
        this.#ask(this.#asked),
      );
      message = 'What token() gave is no string that a header can hold';
      // `fetch` would refuse it as it refuses a server that cannot be reached.
      if (!/^[ -~]+$/.test(token.trim())) throw new TypeError(message);
      const actor = this.#actor;
      const claims = claimsOf(token);
      const sub = claims.sub ?? actor.id;
      const tenant = claims.tenant ?? actor.tenant;
      // The app's session is another one by now: the server would take what this person did for that one's.
      if (sub !== actor.id || tenant !== actor.tenant) {
        message =
          `What token() gave is of ${JSON.stringify(sub)} in ${JSON.stringify(tenant)}: ` +
          `it must be of the client's actor, ${actor.id} in ${actor.tenant}`;
        throw new TypeError(message);
      }
      this.#asked = 'expired';
      return (this.#token = token);
    } catch (cause) {
      if (this.#token !== undefined) return this.#token;
      throw new SyncError('needs_token', message, { recovery: 'token', cause });
    } finally {
      this.#doubted = false;
    }
  }
}

/** Whose token it is, as far as it says so: a JWT does, and it alone is looked at. */
function claimsOf(token: string): { sub?: unknown; tenant?: unknown } {
  try {
    const bytes = atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0)));
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
