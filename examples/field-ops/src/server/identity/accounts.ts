import { ProblemError, type Queryable } from '@ekbaar/server';
import { and, asc, eq, gt, ilike, or } from 'drizzle-orm';
import { agents } from '../tables.ts';
import { type From, note } from './audit.ts';
import type { Account, Identity } from './identity.ts';
import { loginOf } from './requests.ts';
import { codeMinutes } from './reset-codes.ts';
import { endOfAccount } from './sessions.ts';
import { accounts } from './tables.ts';

const pageSize = 200;

/** What operations see of an account. */
export type ShownAccount = Omit<Account, 'tenant' | 'secretHash'> & { readonly hasSecret: boolean };

/** Who does something to an account, and from where. */
export interface Administrator {
  readonly tenant: string;
  readonly id: string;
  readonly from: From;
}

export interface NewAccount {
  readonly id: string;
  readonly role: Account['role'];
  readonly login: string;
  readonly name: string;
  readonly phone?: string | undefined;
  readonly regions: readonly string[];
}

/** Which accounts are listed. */
export interface AccountQuery {
  /** `next` of the page before. */
  readonly after: string | undefined;
  /** In the id, the login or the name. */
  readonly q: string | undefined;
  readonly role: Account['role'] | undefined;
}

/** By id. */
export async function accountPage(db: Queryable, tenant: string, { after, q, role }: AccountQuery) {
  const like = `%${(q ?? '').trim().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const rows = await db
    .select()
    .from(accounts)
    .where(
      and(
        ...[eq(accounts.tenant, tenant), after === undefined ? undefined : gt(accounts.id, after)],
        role === undefined ? undefined : eq(accounts.role, role),
        q === undefined
          ? undefined
          : or(ilike(accounts.id, like), ilike(accounts.login, like), ilike(accounts.name, like)),
      ),
    )
    .orderBy(asc(accounts.id))
    .limit(pageSize);
  return { accounts: rows.map(shown), next: rows.length === pageSize ? (rows.at(-1)?.id ?? null) : null };
}

/** @throws ProblemError `not_found` */
export async function oneAccount(db: Queryable, tenant: string, id: string): Promise<ShownAccount> {
  return shown(await find(db, tenant, id));
}

/** A new account without a secret, and the code with which its owner chooses one. @throws ProblemError `malformed` */
export async function createAccount(identity: Identity, { tenant, id: actor, from }: Administrator, given: NewAccount) {
  const login = loginOf(given.login);
  const { id, role, name, phone, regions } = given;
  if (role === 'agent' && !(await isAgent(identity.db, tenant, id)))
    throw notFitting('id', `There is no agent ${id}: an agent's account has the id of its row in agents`);
  if (role === 'agent' ? login.includes('@') : !/^[^@\s]+@[^@\s]+$/.test(login))
    throw notFitting(
      'login',
      role === 'agent'
        ? 'An agent signs in with a code, not an e-mail address'
        : 'The office signs in with an e-mail address',
    );
  return identity.db.transaction(async (tx) => {
    const now = identity.clock();
    const [account] = await tx
      .insert(accounts)
      .values({ tenant, id, role, login, name, phone: phone ?? null, regions: [...regions], createdAt: now })
      .onConflictDoNothing()
      .returning();
    if (account === undefined) throw notFitting('login', 'There is an account of this id or this login already');
    const issued = await identity.codes.issue(tx, now, tenant, id, codeMinutes.invite);
    await note(tx, now, from, { tenant, event: 'account_created', actor, subject: id, detail: `${role} ${login}` });
    return { account: shown(account), code: issued.code, codeExpiresAt: issued.expiresAt };
  });
}

/** @throws ProblemError `not_found`, `forbidden` for closing the own account, `malformed` for an agent's role */
export async function changeAccount(
  identity: Identity,
  { tenant, id: actor, from }: Administrator,
  id: string,
  changes: {
    active?: boolean | undefined;
    /** Within the office. */
    role?: 'ops' | 'settlement' | undefined;
    regions?: readonly string[] | undefined;
    name?: string | undefined;
    phone?: string | null | undefined;
  },
): Promise<ShownAccount> {
  const { active, role, regions, name, phone } = changes;
  if (id === actor && (active === false || role === 'settlement' || (regions !== undefined && !regions.includes('*'))))
    throw new ProblemError('forbidden', 'Nobody shuts out themselves: let a colleague do it');
  const own = and(eq(accounts.tenant, tenant), eq(accounts.id, id));
  const set = {
    ...(active === undefined ? {} : { active }),
    ...(role === undefined ? {} : { role }),
    ...(regions === undefined ? {} : { regions: [...regions] }),
    ...(name === undefined ? {} : { name }),
    ...(phone === undefined ? {} : { phone }),
  };
  const account = await identity.db.transaction(async (tx) => {
    const now = identity.clock();
    const [found] = await tx.select().from(accounts).where(own).for('update');
    if (found === undefined) throw noAccount(id);
    // An agent's code and PIN are not what the office signs in with.
    if (role !== undefined && found.role === 'agent')
      throw notFitting('role', 'An agent stays one: make an account of the office beside it');
    if (Object.keys(set).length > 0) await tx.update(accounts).set(set).where(own);
    // An access token says what was true when it was made.
    if (active === false) await endOfAccount(tx, now, tenant, id, 'disabled');
    else if (regions !== undefined || role !== undefined) await identity.sessions.outdate(tx, now, tenant, id);
    await note(tx, now, from, { tenant, event: 'account_changed', actor, subject: id, detail: JSON.stringify(set) });
    return { ...found, ...set };
  });
  identity.ended.forget(tenant);
  return shown(account);
}

/** A code for choosing a new secret; the old one is good until that is done, and who was locked out may try again. */
export async function issueCode(
  identity: Identity,
  { tenant, id: actor, from }: Administrator,
  id: string,
  deliver: 'show' | 'send',
): Promise<{ code: string | null; codeExpiresAt: Date; sent: boolean }> {
  const account = await find(identity.db, tenant, id);
  const minutes = deliver === 'show' ? codeMinutes.shown : codeMinutes.sent;
  if (deliver === 'send' && !(await identity.sendCode(account)))
    throw notFitting('deliver', `${id} has no phone number: show the code`);
  const issued = await identity.db.transaction(async (tx) => {
    const now = identity.clock();
    await note(tx, now, from, { tenant, event: 'code_issued', actor, subject: id, detail: deliver });
    if (deliver === 'send') return { code: null, expiresAt: new Date(now.getTime() + minutes * 60_000) };
    return identity.codes.issue(tx, now, tenant, id, minutes);
  });
  await identity.tries.unlock(tenant, account.login);
  return { code: issued.code, codeExpiresAt: issued.expiresAt, sent: deliver === 'send' };
}

/** Ends all sessions of an account. @returns how many */
export async function revokeSessions(
  identity: Identity,
  { tenant, id: actor, from }: Administrator,
  id: string,
  why: string,
): Promise<number> {
  await find(identity.db, tenant, id);
  const ended = await identity.db.transaction(async (tx) => {
    const now = identity.clock();
    await note(tx, now, from, { tenant, event: 'sessions_revoked', actor, subject: id, detail: why });
    // Signed out by the office: nobody is blocked.
    return endOfAccount(tx, now, tenant, id, 'signed_out');
  });
  identity.ended.forget(tenant);
  return ended.length;
}

async function find(db: Queryable, tenant: string, id: string): Promise<Account> {
  const [account] = await db
    .select()
    .from(accounts)
    .where(and(eq(accounts.tenant, tenant), eq(accounts.id, id)));
  if (account === undefined) throw noAccount(id);
  return account;
}

async function isAgent(db: Queryable, tenant: string, id: string): Promise<boolean> {
  const found = await db
    .select({ id: agents.id })
    .from(agents)
    .where(and(eq(agents.tenant, tenant), eq(agents.id, id)));
  return found.length > 0;
}

function shown({ tenant: _, secretHash, ...account }: Account): ShownAccount {
  return { ...account, hasSecret: secretHash !== null };
}

function noAccount(id: string): ProblemError {
  return new ProblemError('not_found', `There is no account ${id}`);
}

function notFitting(path: string, message: string): ProblemError {
  return new ProblemError('malformed', message, { issues: [{ path, message }] });
}
