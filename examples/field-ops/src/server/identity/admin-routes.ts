import { type Actor, type ApiEnv, type Authenticate, described, isStorableText, ProblemError } from '@ekbaar/server';
import { type Context, Hono } from 'hono';
import { type AccountRole, roles } from '../../account-answers.ts';
import { storable } from '../described-route.ts';
import { regionsOf } from '../mutators.ts';
import { isUuid, Moment } from '../values.ts';
import {
  accountPage,
  type Administrator,
  changeAccount,
  createAccount,
  issueCode,
  oneAccount,
  revokeSessions,
} from './accounts.ts';
import { addressOf } from './address.ts';
import { auditPage, note } from './audit.ts';
import type { Identity } from './identity.ts';
import { operations } from './operations.ts';
import { phonePage, restorePhone, revokePhone } from './phones.ts';
import { AccountChanges, bodyOf, CodeRequest, mostBytesOfAccount, NewAccountRequest, Reason } from './requests.ts';
import type { SignInSettings } from './routes.ts';

type C = Context<ApiEnv>;

/** Whether somebody may administer accounts and phones: operations of all the tenant's regions. */
export function isAdministrator(actor: Actor): boolean {
  return actor.role === 'ops' && regionsOf(actor).includes('*');
}

/** What operations do with accounts and phones of their own tenant. */
export function identityAdminRoutes(
  identity: Identity,
  authenticate: Authenticate,
  { proxies }: Pick<SignInSettings, 'proxies'>,
): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ strict: false });
  const { db } = identity;

  const administered = (run: (by: Administrator, c: C) => Promise<object>) => async (c: C) => {
    const { actor } = await authenticate(c.req.raw);
    if (!isAdministrator(actor))
      throw new ProblemError(
        'forbidden',
        `${actor.id} may not administer accounts: that takes role ops and all regions`,
      );
    const by = { tenant: actor.tenant, id: actor.id, from: { address: addressOf(c, proxies) } };
    c.header('Cache-Control', 'no-store');
    return c.json(await run(by, c));
  };
  const noteOn = (by: Administrator, event: 'phone_revoked' | 'phone_restored', id: string, detail?: string) =>
    note(db, identity.clock(), by.from, { tenant: by.tenant, event, actor: by.id, subject: id, phoneId: id, detail });

  app.get(
    '/auth/accounts',
    described(
      administered(({ tenant }, c) =>
        accountPage(db, tenant, { after: textQuery(c, 'after'), q: textQuery(c, 'q'), role: roleQuery(c) }),
      ),
      operations.accounts,
    ),
  );
  app.post(
    '/auth/accounts',
    described(
      administered(async (by, c) =>
        createAccount(identity, by, await bodyOf(NewAccountRequest, c.req.raw, mostBytesOfAccount)),
      ),
      operations.createAccount,
    ),
  );
  app.get(
    '/auth/accounts/:id',
    described(
      administered(async ({ tenant }, c) => ({ account: await oneAccount(db, tenant, idIn(c)) })),
      operations.account,
    ),
  );
  app.post(
    '/auth/accounts/:id/change',
    described(
      administered(async (by, c) => {
        const account = await changeAccount(
          identity,
          by,
          idIn(c),
          await bodyOf(AccountChanges, c.req.raw, mostBytesOfAccount),
        );
        return { account };
      }),
      operations.changeAccount,
    ),
  );
  app.post(
    '/auth/accounts/:id/reset-code',
    described(
      administered(async (by, c) => {
        const { deliver } = await bodyOf(CodeRequest, c.req.raw);
        return issueCode(identity, by, idIn(c), deliver);
      }),
      operations.issueCode,
    ),
  );
  app.post(
    '/auth/accounts/:id/revoke',
    described(
      administered(async (by, c) => {
        const { why } = await bodyOf(Reason, c.req.raw);
        return { ended: await revokeSessions(identity, by, idIn(c), why) };
      }),
      operations.revokeSessions,
    ),
  );
  app.get(
    '/auth/phones',
    described(
      administered(({ tenant }, c) => phonePage(db, tenant, textQuery(c, 'after'), textQuery(c, 'account'))),
      operations.phones,
    ),
  );
  app.post(
    '/auth/phones/:id/revoke',
    described(
      administered(async (by, c) => {
        const { why } = await bodyOf(Reason, c.req.raw);
        const { tenant, id } = { tenant: by.tenant, id: idIn(c) };
        const ended = await db.transaction(async (tx) => {
          const now = identity.clock();
          if ((await revokePhone(tx, now, { tenant, id, by: by.id, why })) === 0) throw noPhone(id, 'not blocked yet');
          return identity.sessions.endOfPhone(tx, now, tenant, id);
        });
        identity.ended.forget(tenant);
        await noteOn(by, 'phone_revoked', id, why);
        return { ended: ended.length };
      }),
      operations.revokePhone,
    ),
  );
  app.post(
    '/auth/phones/:id/restore',
    described(
      administered(async (by, c) => {
        const id = idIn(c);
        if ((await restorePhone(db, by.tenant, id)) === 0) throw noPhone(id, 'blocked');
        await noteOn(by, 'phone_restored', id);
        return { restored: true };
      }),
      operations.restorePhone,
    ),
  );
  app.get(
    '/auth/audit',
    described(
      administered(({ tenant }, c) =>
        auditPage(db, tenant, { before: cursorQuery(c, 'before'), subject: textQuery(c, 'subject') }),
      ),
      operations.audit,
    ),
  );
  return app;
}

/** A text that a database can compare with. */
function textQuery(c: C, name: string): string | undefined {
  const text = c.req.query(name);
  if (text !== undefined && !isStorableText(text)) throw malformed(name, 'text without NUL');
  return text;
}

function roleQuery(c: C): AccountRole | undefined {
  const text = c.req.query('role');
  const role = roles.find((one) => one === text);
  if (text !== undefined && role === undefined) throw malformed('role', `one of ${roles.join(', ')}`);
  return role;
}

function cursorQuery(c: C, name: string): string | undefined {
  const text = c.req.query(name);
  const [at, id = '', ...more] = text?.split('~') ?? [];
  if (text === undefined || (Moment.safeParse(at).success && isUuid(id) && more.length === 0)) return text;
  throw malformed(name, '`next` of the page before');
}

function idIn(c: C): string {
  const id = c.req.param('id') ?? '';
  if (!storable(id) || id.length > 128) throw new ProblemError('not_found', 'Nothing has such an id');
  return id;
}

function noPhone(id: string, state: string): ProblemError {
  return new ProblemError('not_found', `There is no phone ${id} that is ${state}`);
}

function malformed(name: string, message: string): ProblemError {
  return new ProblemError('malformed', `The query parameter "${name}" must be ${message}`, {
    issues: [{ path: name, message }],
  });
}
