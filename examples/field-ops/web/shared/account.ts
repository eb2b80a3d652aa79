import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1), z.maxLength(200));

/** Somebody who can sign in. */
export const Account = z.object({
  tenant: text,
  /** The operator's name, to be shown. */
  operator: text,
  role: z.enum(['agent', 'ops', 'settlement']),
  /** The token's `sub`. */
  sub: text,
  /** The agent's code or the e-mail address. */
  login: text,
  name: text,
  regions: z.array(text),
});
export type Account = z.infer<typeof Account>;
