import { SignJWT } from 'jose';

/** Signs a token of somebody; `claims` come on top, and one that is undefined is left out. */
export type TokenOf = (
  sub: string,
  role: string,
  tenant?: string,
  claims?: Readonly<Record<string, unknown>>,
) => Promise<string>;

/** HS256 tokens, good for an hour; of the tenant `pennco` unless told otherwise, and for all regions but for agents. */
export function bearerTokens(secret: string): TokenOf {
  return (sub, role, tenant = 'pennco', claims = {}) => {
    const regions = role === 'agent' ? {} : { regions: ['*'] };
    const exp = Math.floor(Date.now() / 1000) + 3600;
    return new SignJWT({ sub, role, tenant, aud: 'ekbaar', exp, ...regions, ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret));
  };
}
