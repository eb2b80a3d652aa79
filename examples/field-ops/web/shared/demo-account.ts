import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1), z.maxLength(200));

/** Somebody who can sign in to the demo day. */
export const DemoAccount = z.object({
  tenant: text,
  operator: text,
  role: z.enum(['agent', 'ops', 'settlement']),
  sub: text,
  name: text,
  regions: z.array(text),
});
export type DemoAccount = z.infer<typeof DemoAccount>;

const Accounts = z.object({ accounts: z.array(DemoAccount) });
const Token = z.object({ token: z.string().check(z.minLength(1)), expiresAt: z.union([z.string(), z.number()]) });

/** The demo's sign-in did not answer with what was asked for. */
class DemoSignInError extends Error {
  override readonly name = 'DemoSignInError';
  readonly code: 'unreachable' | 'refused' | 'not_an_answer';
  constructor(code: 'unreachable' | 'refused' | 'not_an_answer', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Everybody who may sign in to the demo. */
export async function listAccounts(): Promise<DemoAccount[]> {
  return (await ask('/demo/accounts', Accounts)).accounts;
}

/** A fresh token for an account. Throws DemoSignInError, also without a network: the caller then has none for now. */
export async function fetchToken({ tenant, sub, role }: DemoAccount): Promise<string> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tenant, sub, role }),
  };
  return (await ask('/demo/token', Token, init)).token;
}

async function ask<T>(path: string, schema: z.ZodMiniType<T>, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, cache: 'no-store', signal: AbortSignal.timeout(20_000) });
  } catch (cause) {
    throw new DemoSignInError('unreachable', `${path} could not be reached; try again with a network`, { cause });
  }
  if (!response.ok) throw new DemoSignInError('refused', `${path} answered ${response.status}`);
  // A captive portal answers 200 with a page of its own.
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new DemoSignInError('not_an_answer', `${path} answered with something else`);
  return parsed.data;
}
