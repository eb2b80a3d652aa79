import { SignJWT } from 'jose';
import type { accounts, sessions } from './tables.ts';

/** How long an access token is good, in seconds. */
export const accessSeconds = 15 * 60;

/** Signs the token that the protocol wants, with the session in `sid` beside its claims. */
export class AccessTokens {
  readonly #key: Uint8Array;
  readonly #clock: () => Date;

  constructor(secret: string, clock: () => Date) {
    this.#key = new TextEncoder().encode(secret);
    this.#clock = clock;
  }

  async sign(
    account: Pick<typeof accounts.$inferSelect, 'tenant' | 'id' | 'role' | 'regions'>,
    session: Pick<typeof sessions.$inferSelect, 'id' | 'version'>,
  ): Promise<{ token: string; expiresAt: Date }> {
    const now = this.#clock();
    const expiresAt = new Date(now.getTime() + accessSeconds * 1000);
    const { tenant, role, regions } = account;
    const token = await new SignJWT({ tenant, role, regions, sid: sidOf(session) })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(account.id)
      .setAudience('ekbaar')
      .setIssuedAt(now)
      .setExpirationTime(expiresAt)
      .sign(this.#key);
    return { token, expiresAt };
  }
}

function sidOf({ id, version }: { id: string; version: number }): string {
  return `${id}~${version}`;
}

/** Takes apart what `sidOf` put together. */
export function readSid(sid: string): { readonly id: string; readonly version: number } {
  const [id = '', version = ''] = sid.split('~');
  return { id, version: Number(version) };
}
