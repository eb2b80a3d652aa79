import { ProblemError, readJson } from '@ekbaar/server';
import * as z from 'zod/mini';
import { roles } from '../../account-answers.ts';
import { storable } from '../described-route.ts';

const text = (most: number) =>
  z.string().check(z.minLength(1), z.maxLength(most), z.refine(storable, 'text that a database can hold'));
const Tenant = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
const Login = text(200);
const Secret = text(200);
const Role = z.enum(roles);
const Regions = z.array(text(64)).check(z.maxLength(1000));
/** Made up by the client for each renewal, and the same again until it has heard the answer. */
const Attempt = z.string().check(z.regex(/^[A-Za-z0-9_-]{16,64}$/));

/** What an install of the agent app says of itself. */
export const PhoneReport = z.object({
  /** Made at random by the install. */
  id: z.string().check(z.regex(/^[A-Za-z0-9_-]{8,64}$/)),
  name: z.optional(text(120)),
  clientId: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_-]{8,64}$/))),
  unsent: z.optional(z.int().check(z.nonnegative(), z.maximum(1_000_000))),
  model: z.optional(z.int().check(z.positive(), z.maximum(1_000_000))),
  clockErrorMs: z.optional(z.int()),
});
export type PhoneReport = z.infer<typeof PhoneReport>;

export const SignInRequest = z.object({
  tenant: Tenant,
  login: Login,
  secret: Secret,
  /** True: the refresh token goes into a cookie that no script can read. */
  console: z.optional(z.boolean()),
  phone: z.optional(PhoneReport),
});
export const RefreshRequest = z.object({
  /** Absent: the one in the cookie. */
  token: z.optional(text(400)),
  attempt: Attempt,
  phone: z.optional(PhoneReport),
});
export const SignOutRequest = z.object({ token: z.optional(text(400)) });
export const ResetCodeRequest = z.object({ tenant: Tenant, login: Login });
export const ResetRequest = z.object({ tenant: Tenant, login: Login, code: text(40), secret: Secret });
export const PasswordRequest = z.object({ old: Secret, secret: Secret });
export const NewAccountRequest = z.object({
  id: text(128),
  role: Role,
  login: Login,
  name: text(120),
  phone: z.optional(text(20)),
  regions: Regions,
});
export const AccountChanges = z.object({
  active: z.optional(z.boolean()),
  role: z.optional(z.enum(['ops', 'settlement'])),
  regions: z.optional(Regions),
  name: z.optional(text(120)),
  phone: z.optional(z.nullable(text(20))),
});
export const CodeRequest = z.object({
  /** `show`: in the answer, to be read out. `send`: by text message or e-mail. */
  deliver: z.enum(['show', 'send']),
});
export const Reason = z.object({ why: text(200) });

/** Whoever signs in has no token yet, and anybody can begin to: with little they cannot fill the server's memory. */
const mostBytes = 16 * 1024;
/** With a thousand regions. */
export const mostBytesOfAccount = 256 * 1024;

/**
 * A request's JSON body as the schema has it.
 *
 * @param limit how many bytes it may have
 * @throws ProblemError `malformed` and what `readJson` throws
 */
export async function bodyOf<T>(schema: z.ZodMiniType<T>, request: Request, limit: number = mostBytes): Promise<T> {
  const result = schema.safeParse(await readJson(request, limit));
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: path.map(String).join('.').slice(0, 500), message: message.slice(0, 500) }));
  throw new ProblemError('malformed', `The body does not fit: ${issues[0]?.path || 'body'}: ${issues[0]?.message}`, {
    issues,
  });
}

/** As it is kept and compared. */
export function loginOf(typed: string): string {
  return typed.trim().normalize('NFKC').toLowerCase();
}
