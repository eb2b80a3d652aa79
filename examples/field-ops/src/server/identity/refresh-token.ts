import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** A refresh token that this server made, though it may be good no longer. */
export interface ReadRefreshToken {
  readonly tenant: string;
  readonly sessionId: string;
}

/**
 * Refresh tokens, `tenant.session.random.tag`. The successor of a token follows from the token and from the *attempt*, a
 * text that the client makes up and keeps until it has heard the answer. So asking again after a lost answer brings the
 * same successor, once and not twice; and who has copied the token, and comes with an attempt of its own, is noticed.
 * The tag tells a token that was good once from one that is made up: only the former is a sign of theft.
 */
export class RefreshTokens {
  readonly #key: Buffer;

  /** @param secret the server's: with another one all tokens are void */
  constructor(secret: string) {
    this.#key = createHmac('sha256', secret).update('ekbaar field-ops refresh tokens').digest();
  }

  first(tenant: string, sessionId: string): string {
    return this.#token(tenant, sessionId, randomBytes(32).toString('base64url'));
  }

  next(token: string, { tenant, sessionId }: ReadRefreshToken, attempt: string): string {
    return this.#token(tenant, sessionId, this.#mac(`next\n${token}\n${attempt}`).toString('base64url'));
  }

  /** Undefined: not made by this server. */
  read(token: string): ReadRefreshToken | undefined {
    const [tenant, sessionId, random, tag, ...more] = token.split('.');
    if (tenant === undefined || sessionId === undefined || random === undefined || tag === undefined || more.length > 0)
      return undefined;
    const right = this.#tag(`${tenant}.${sessionId}.${random}`);
    const given = Buffer.from(tag, 'base64url');
    return given.length === right.length && timingSafeEqual(given, right) ? { tenant, sessionId } : undefined;
  }

  #token(tenant: string, sessionId: string, random: string): string {
    const body = `${tenant}.${sessionId}.${random}`;
    return `${body}.${this.#tag(body).toString('base64url')}`;
  }

  #tag(body: string): Buffer {
    return this.#mac(`tag\n${body}`).subarray(0, 16);
  }

  #mac(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest();
  }
}

/** What is kept of something that is good for whoever has it. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
