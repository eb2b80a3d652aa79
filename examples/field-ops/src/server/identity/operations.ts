import { answers, type Description, jsonAnswer, jsonBody, openAnswers, withBody } from '@ekbaar/server';
import * as z from 'zod/mini';
import {
  ChangedAccount,
  CreatedAccount,
  IssuedCode,
  KnownAccounts,
  KnownPhones,
  roles,
} from '../../account-answers.ts';
import {
  AccountChanges,
  CodeRequest,
  NewAccountRequest,
  PasswordRequest,
  Reason,
  RefreshRequest,
  ResetCodeRequest,
  ResetRequest,
  SignInRequest,
  SignOutRequest,
} from './requests.ts';

const text = z.string();
const moment = z.iso.datetime();
const Role = z.enum(roles);
const who = { id: text, role: Role, login: text, name: text, regions: z.array(text) };
const Yes = z.literal(true);

const SignedIn = z.object({
  token: text,
  expiresAt: moment,
  refreshToken: z.optional(text),
  account: z.object({ tenant: text, ...who }),
  escrowKey: z.optional(text),
});
const AuditEntry = z.object({
  ...{ at: moment, id: text, event: text, actor: z.nullable(text), subject: text },
  ...{ phoneId: z.nullable(text), address: z.nullable(text), detail: z.nullable(text) },
});
const Office = z.object({ tenant: text, operator: text, sub: text, ...who });
const { id: _, ...officeShape } = Office.shape;
const Options = z.object({
  signIn: z.enum(['local', 'provider']),
  operators: z.array(z.object({ tenant: text, name: text })),
  demo: z.nullable(z.object({ pin: text, password: text, office: z.array(z.object(officeShape)) })),
});
const MustReset = z.object({ mustReset: Yes, code: text });
type Schema = z.ZodMiniType;
type Codes = Parameters<typeof answers>[1];

const schemaOf = (schema: Schema, io: 'input' | 'output') => {
  const { $schema: __, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};
const query = (name: string, description: string) =>
  ({ name, in: 'query', description, schema: { type: 'string' } }) as const;
const idInPath = { name: 'id', in: 'path', required: true, schema: { type: 'string' } } as const;

interface Described {
  readonly summary: string;
  readonly description?: string;
  readonly body?: Schema;
  readonly answer: Schema;
  readonly codes?: Codes;
  readonly parameters?: readonly (ReturnType<typeof query> | typeof idInPath)[];
}

function operation(operationId: string, tokenNeeded: boolean, of: Described): Description {
  const { summary, description, body, answer, codes = [], parameters } = of;
  const good = { '200': jsonAnswer(summary, schemaOf(answer, 'output')) };
  const all = [...codes, ...(body === undefined ? [] : withBody)];
  return {
    of: 'operation',
    operation: {
      ...{ operationId, tags: ['App'], summary },
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(body === undefined ? {} : { requestBody: jsonBody(schemaOf(body, 'input')) }),
      ...(tokenNeeded
        ? { responses: answers(good, all) }
        : { responses: openAnswers(good, [...all, ...openCodes]), security: [] }),
    },
  };
}

const openCodes: Codes = ['not_found', 'throttled', 'internal', 'overloaded', 'unavailable'];
const refusals: Codes = ['unauthenticated', 'forbidden'];
const open = (operationId: string, of: Described) => operation(operationId, false, of);
const administration = (operationId: string, of: Described) =>
  operation(operationId, true, { ...of, codes: ['forbidden', 'malformed', ...(of.codes ?? [])] });

/** What `/openapi.json` says of these routes. */
export const operations = {
  options: open('auth.options', { summary: 'How this server is signed in to, and by whom', answer: Options }),
  signIn: open('auth.signIn', {
    summary: 'Sign in with a login and a secret',
    description:
      'Whatever of it is wrong, the answer is the same. After too many tries: 429. With `console: true` the refresh token is in a cookie that no script reads, and the header `X-Ekbaar-Console` is needed.',
    ...{ body: SignInRequest, answer: z.union([SignedIn, MustReset]), codes: refusals },
  }),
  refresh: open('auth.refresh', {
    summary: 'Exchange a refresh token for an access token and the next refresh token',
    description:
      '`attempt` is made up by the client, and the same again until it has heard the answer. A token used twice with different attempts ends the session. 401: sign in again; 403: the office has blocked the phone or the account.',
    ...{ body: RefreshRequest, answer: SignedIn, codes: refusals },
  }),
  signOut: open('auth.signOut', {
    summary: 'End a session',
    ...{ body: SignOutRequest, answer: z.object({ signedOut: Yes }), codes: ['forbidden'] },
  }),
  requestReset: open('auth.requestReset', {
    summary: 'Have a reset code sent',
    description: 'Answers the same whether there is such an account or not.',
    ...{ body: ResetCodeRequest, answer: z.object({ accepted: Yes }) },
  }),
  reset: open('auth.reset', {
    summary: 'Choose a new secret with a reset code',
    ...{ body: ResetRequest, answer: z.object({ reset: Yes }), codes: ['unauthenticated'] },
  }),
  changeSecret: operation('auth.changeSecret', true, {
    summary: 'Change the own secret; other sessions end',
    ...{ body: PasswordRequest, answer: z.object({ changed: Yes }), codes: ['forbidden'] },
  }),
  accounts: administration('auth.accounts', {
    summary: 'Accounts of the tenant, by id',
    parameters: [
      query('after', '`next` of the page before'),
      ...[query('q', 'In the id, the login or the name'), query('role', `One of ${roles.join(', ')}`)],
    ],
    answer: KnownAccounts,
  }),
  account: administration('auth.account', {
    summary: 'One account',
    parameters: [idInPath],
    ...{ answer: ChangedAccount, codes: ['not_found'] },
  }),
  createAccount: administration('auth.createAccount', {
    summary: 'A new account, and the code with which its owner chooses a secret',
    body: NewAccountRequest,
    answer: CreatedAccount,
  }),
  changeAccount: administration('auth.changeAccount', {
    summary: 'Close or open an account, or change its role, regions or name',
    description:
      'Closing it ends its sessions; a new role and new regions count at once. The role changes within the office: an agent stays one.',
    parameters: [idInPath],
    ...{ body: AccountChanges, answer: ChangedAccount, codes: ['not_found'] },
  }),
  issueCode: administration('auth.issueCode', {
    summary: 'A reset code for somebody, to be read out or sent; it unlocks who guessed too often',
    parameters: [idInPath],
    ...{ body: CodeRequest, answer: IssuedCode, codes: ['not_found'] },
  }),
  revokeSessions: administration('auth.revokeSessions', {
    summary: 'End all sessions of an account',
    parameters: [idInPath],
    ...{ body: Reason, answer: z.object({ ended: z.int() }), codes: ['not_found'] },
  }),
  phones: administration('auth.phones', {
    summary: 'Phones of the tenant: last seen, unsent, model, clock error, blocked',
    parameters: [query('after', '`next` of the page before'), query('account', 'Of this account')],
    answer: KnownPhones,
  }),
  revokePhone: administration('auth.revokePhone', {
    summary: 'Block a lost phone: its sessions end, and nobody signs in on it any more',
    parameters: [idInPath],
    ...{ body: Reason, answer: z.object({ ended: z.int() }), codes: ['not_found'] },
  }),
  restorePhone: administration('auth.restorePhone', {
    summary: 'Unblock a phone that was found',
    parameters: [idInPath],
    ...{ answer: z.object({ restored: Yes }), codes: ['not_found'] },
  }),
  audit: administration('auth.audit', {
    summary: 'Sign-ins, refusals and administration, the newest first',
    parameters: [query('before', '`next` of the page before'), query('subject', 'Of this account, phone or login')],
    answer: z.object({ entries: z.array(AuditEntry), next: z.nullable(text) }),
  }),
} as const;
