/** What the routes of accounts and phones answer: read by the server that says it and by the console that shows it. */
import * as z from 'zod/mini';

const text = z.string();
const maybe = z.nullable(text);
const moment = text;

export const roles = ['agent', 'ops', 'settlement'] as const;
export type AccountRole = (typeof roles)[number];

/** An account as operations see it. */
export const KnownAccount = z.object({
  ...{ id: text, role: z.enum(roles), login: text, name: text, regions: z.array(text) },
  ...{ phone: maybe, active: z.boolean(), mustReset: z.boolean(), demo: z.boolean() },
  ...{ hasSecret: z.boolean(), createdAt: moment },
});
export type KnownAccount = z.infer<typeof KnownAccount>;
export const KnownAccounts = z.object({ accounts: z.array(KnownAccount), next: maybe });
/** With the code with which its owner chooses a secret. */
export const CreatedAccount = z.object({ account: KnownAccount, code: text, codeExpiresAt: moment });
export const ChangedAccount = z.object({ account: KnownAccount });
/** `code` is null when it was sent. */
export const IssuedCode = z.object({ code: maybe, codeExpiresAt: moment, sent: z.boolean() });

const KnownPhone = z.object({
  ...{ id: text, accountId: text, name: text, clientIds: z.array(text), firstSeenAt: moment, lastSeenAt: moment },
  ...{ unsent: z.nullable(z.int()), model: z.nullable(z.int()), clockErrorMs: z.nullable(z.int()) },
  ...{ revokedAt: maybe, revokedBy: maybe, revokedWhy: maybe },
});
export const KnownPhones = z.object({ phones: z.array(KnownPhone), next: maybe });
