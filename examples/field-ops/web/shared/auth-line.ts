import { Problem } from '@ekbaar/sdk/protocol';
import * as z from 'zod/mini';
import { Account } from './account.ts';

const text = z.string().check(z.minLength(1), z.maxLength(2000));

/** How the server is signed in to. */
export const SignInOptions = z.object({
  signIn: z.enum(['local', 'provider']),
  operators: z.array(z.object({ tenant: text, name: text })),
  /** Where the demo day is loaded: what everybody of it signs in with. */
  demo: z.nullable(z.object({ pin: text, password: text, office: z.array(Account) })),
});
export type SignInOptions = z.infer<typeof SignInOptions>;

const SignedIn = z.object({
  token: text,
  refreshToken: z.optional(text),
  escrowKey: z.optional(text),
  account: z.object({
    ...{ tenant: text, id: text, role: Account.shape.role, login: text, name: text, regions: z.array(text) },
  }),
});
export type SignedIn = z.infer<typeof SignedIn>;
const MustReset = z.object({ mustReset: z.literal(true), code: text });
type MustReset = z.infer<typeof MustReset>;
const DemoAgents = z.object({ accounts: z.array(z.omit(Account, { login: true })) });

/**
 * Why nobody was signed in. `refused`: the server itself said no, and `status` says how; the others are no answer of the
 * server, and say nothing about the session.
 */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly code: 'unreachable' | 'busy' | 'not_an_answer' | 'refused';
  readonly status: number;
  /** What of it was refused, as `path: message`. */
  readonly issue: { readonly path: string; readonly message: string } | undefined;
  /** Seconds until it may be tried again; 0: not said. */
  readonly waitSeconds: number;

  constructor(
    code: AuthError['code'],
    message: string,
    more: { status?: number; issue?: AuthError['issue']; waitSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.status = more.status ?? 0;
    this.issue = more.issue;
    this.waitSeconds = more.waitSeconds ?? 0;
  }
}

/** What an install of the agent app says of itself. */
export interface PhoneReport {
  readonly id: string;
  readonly name?: string;
  readonly clientId?: string;
  readonly unsent?: number;
  readonly model?: number;
  readonly clockErrorMs?: number;
}

/** Says that the console itself asks: a form of another site cannot send it. */
const consoleHeaders = { 'x-ekbaar-console': '1' };

export function fetchOptions(): Promise<SignInOptions> {
  return ask('/auth', SignInOptions);
}

/** The demo day's agents; everybody of them has the same PIN. */
export async function fetchDemoAgents(): Promise<Account[]> {
  const { accounts } = await ask('/demo/accounts', DemoAgents);
  return accounts.filter(({ role }) => role === 'agent').map((agent) => ({ ...agent, login: agent.sub }));
}

/** @throws AuthError */
export function signIn(
  asked: { tenant: string; login: string; secret: string },
  as: { phone: PhoneReport } | 'console',
): Promise<SignedIn | MustReset> {
  const schema = z.union([SignedIn, MustReset]);
  return as === 'console'
    ? post('/auth/sign-in', schema, { ...asked, console: true }, consoleHeaders)
    : post('/auth/sign-in', schema, { ...asked, phone: as.phone });
}

/** The next tokens. The same attempt again brings the same ones. @throws AuthError */
export function refresh(attempt: string, as: { token: string; phone: PhoneReport } | 'console'): Promise<SignedIn> {
  return as === 'console'
    ? post('/auth/refresh', SignedIn, { attempt }, consoleHeaders)
    : post('/auth/refresh', SignedIn, { ...as, attempt });
}

/** @param token undefined: the one in the console's cookie */
export async function signOut(token: string | undefined): Promise<void> {
  const done = z.object({ signedOut: z.literal(true) });
  await (token === undefined
    ? post('/auth/sign-out', done, {}, consoleHeaders)
    : post('/auth/sign-out', done, { token }));
}

export async function requestReset(tenant: string, login: string): Promise<void> {
  await post('/auth/reset/request', z.object({ accepted: z.literal(true) }), { tenant, login });
}

export async function reset(asked: { tenant: string; login: string; code: string; secret: string }): Promise<void> {
  await post('/auth/reset', z.object({ reset: z.literal(true) }), asked);
}

export async function changeSecret(token: string, asked: { old: string; secret: string }): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  await post('/auth/password', z.object({ changed: z.literal(true) }), asked, headers);
}

/** An account as the apps know it. */
export function accountOf({ account }: SignedIn, operators: SignInOptions['operators']): Account {
  const { id: sub, ...rest } = account;
  const operator = operators.find(({ tenant }) => tenant === account.tenant)?.name ?? account.tenant;
  return { ...rest, sub, operator };
}

function post<T>(
  path: string,
  schema: z.ZodMiniType<T>,
  body: object,
  headers: Record<string, string> = {},
): Promise<T> {
  return ask(path, schema, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function ask<T>(path: string, schema: z.ZodMiniType<T>, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    const signal = AbortSignal.timeout(20_000);
    response = await fetch(path, { ...init, cache: 'no-store', credentials: 'same-origin', signal });
  } catch (cause) {
    throw new AuthError('unreachable', `${path} could not be reached`, { cause });
  }
  // A captive portal answers 200 with a page of its own.
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) {
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new AuthError('not_an_answer', `${path} answered with something else`);
  }
  const problem = Problem.safeParse(body);
  const { status } = response;
  // Nor is its refusal the server's.
  if (!problem.success) throw new AuthError('not_an_answer', `${path} answered ${status}`, { status });
  const waitSeconds = Number(response.headers.get('retry-after') ?? 0) || 0;
  const { detail = problem.data.title, issues } = problem.data;
  throw new AuthError(status >= 500 ? 'busy' : 'refused', detail, { status, issue: issues?.[0], waitSeconds });
}
