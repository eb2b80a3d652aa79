import { decodeJwt } from 'jose';
import type { FieldOps } from '../support/field-ops.ts';
import type { HttpAnswer } from '../support/http-client.ts';

/** What the demo day's agents and offices sign in with. */
export const pin = '483920';
export const password = 'ek-baar-demo-2026';

/** What a sign-in or a renewal brought. */
export interface SignedIn {
  readonly token: string;
  readonly refreshToken: string;
  readonly escrowKey?: string;
}

/** Signs people in as their apps do. */
export function people(at: Pick<FieldOps, 'post' | 'get'>) {
  const signIn = (login: string, secret: string, more: Record<string, unknown> = {}, headers = {}) =>
    at.post('/auth/sign-in', null, { tenant: 'pennco', login, secret, ...more }, headers);
  const refresh = (token: string, attempt: string = crypto.randomUUID(), phone?: object) =>
    at.post('/auth/refresh', null, { token, attempt, ...(phone === undefined ? {} : { phone }) });
  const phone = (id: string) => ({ id: `phone-of-${id}`, name: 'Redmi 9A' });
  return {
    signIn,
    refresh,
    /** An agent on a phone of their own. */
    agent: async (id: string, secret = pin) => good(await signIn(id, secret, { phone: phone(id) })),
    /** Operations, with all regions unless told otherwise. */
    ops: async (login = 'ops@pennco.example', tenant = 'pennco') => good(await signIn(login, password, { tenant })),
    phone,
  };
}

/** @throws Error unless somebody was signed in */
export function good(answer: HttpAnswer): SignedIn {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return answer.body as SignedIn;
}

export function claimsOf(token: string): Record<string, unknown> {
  return { ...decodeJwt(token) };
}

/** `[status, code]` of an answer. */
export function refusal(answer: HttpAnswer): [number, unknown] {
  return [answer.status, (answer.body as { code?: unknown } | undefined)?.code];
}
