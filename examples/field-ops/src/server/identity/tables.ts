import {
  bigint,
  boolean,
  customType,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

// None of these is among the server tables of mutators: the engine's role, under which everything that phones send is
// run, cannot even read them. Identity's own statements run as the owner, and each names its tenant.

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
/** A SHA-256 of something that is never kept itself. */
const digest = customType<{ data: string }>({ dataType: () => 'text' });

/** Who may sign in. */
export const accounts = pgTable(
  'accounts',
  {
    tenant: text().notNull(),
    /** The token's `sub`; of an agent the id of its row in `agents`. */
    id: text().notNull(),
    role: text({ enum: ['agent', 'ops', 'settlement'] }).notNull(),
    /** An agent's code or an e-mail address, in small letters. */
    login: text().notNull(),
    name: text().notNull(),
    /** Where a reset code is sent to an agent; without one, to the phone of its row in `agents`. */
    phone: text(),
    regions: text().array().notNull(),
    /** Argon2id; null until the first reset. */
    secretHash: text('secret_hash'),
    active: boolean().notNull().default(true),
    /** The secret was given by somebody else: it is good for choosing another one, and for nothing more. */
    mustReset: boolean('must_reset').notNull().default(false),
    /** Of the demo day: signs in only where the demo is loaded. */
    demo: boolean().notNull().default(false),
    createdAt: moment('created_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] }), uniqueIndex('accounts_by_login').on(t.tenant, t.login)],
);

/** An install of the agent app, once for each account that signed in on it. */
export const phones = pgTable(
  'phones',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    accountId: text('account_id').notNull(),
    name: text().notNull(),
    /** What opens the phone's data key after the PIN was lost; handed out after signing in only. */
    escrowKey: text('escrow_key').notNull(),
    /** The SDK's client ids seen on it, the newest last. */
    clientIds: text('client_ids').array().notNull(),
    firstSeenAt: moment('first_seen_at').notNull(),
    lastSeenAt: moment('last_seen_at').notNull(),
    /** As the phone last said. */
    unsent: integer(),
    model: integer(),
    /** How far its clock is ahead, in milliseconds. */
    clockErrorMs: bigint('clock_error_ms', { mode: 'number' }),
    revokedAt: moment('revoked_at'),
    revokedBy: text('revoked_by'),
    revokedWhy: text('revoked_why'),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id, t.accountId] }), index('phones_by_account').on(t.tenant, t.accountId)],
);

/** A sign-in that goes on: one family of refresh tokens, of which only the newest is good. */
export const sessions = pgTable(
  'sessions',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    accountId: text('account_id').notNull(),
    kind: text({ enum: ['phone', 'console'] }).notNull(),
    phoneId: text('phone_id'),
    tokenHash: digest('token_hash').notNull(),
    /** Of the token before it, for a phone that did not hear the answer. */
    formerHash: digest('former_hash'),
    /** Access tokens of an earlier version are not believed: role or regions have changed. */
    version: integer().notNull().default(1),
    versionAt: moment('version_at').notNull(),
    createdAt: moment('created_at').notNull(),
    usedAt: moment('used_at').notNull(),
    /** Without use until then it is over; each use moves it. */
    expiresAt: moment('expires_at').notNull(),
    endedAt: moment('ended_at'),
    endedWhy: text('ended_why', { enum: ['signed_out', 'reused', 'revoked', 'secret_changed', 'disabled'] }),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    index('sessions_by_account').on(t.tenant, t.accountId),
    index('sessions_by_end').on(t.tenant, t.endedAt),
    index('sessions_by_version').on(t.tenant, t.versionAt),
  ],
);

/** Codes that set a new secret, once. */
export const resetCodes = pgTable(
  'reset_codes',
  {
    tenant: text().notNull(),
    accountId: text('account_id').notNull(),
    codeHash: digest('code_hash').notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    usedAt: moment('used_at'),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.accountId, t.codeHash] })],
);

/** Tries that failed or have not ended yet: of a login, whether there is such an account or not, and of an address. */
export const signInTries = pgTable(
  'sign_in_tries',
  {
    tenant: text().notNull(),
    kind: text({ enum: ['login', 'reset', 'request', 'address'] }).notNull(),
    key: text().notNull(),
    tries: integer().notNull(),
    at: moment('at').notNull(),
    waitUntil: moment('wait_until'),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.kind, t.key] })],
);

/** Who did what to whom, when, and from where. */
export const identityAudit = pgTable(
  'identity_audit',
  {
    tenant: text().notNull(),
    at: moment('at').notNull(),
    id: uuid().notNull(),
    event: text().notNull(),
    /** A `sub`; null: nobody who has signed in. */
    actor: text(),
    /** An account's id, a phone's id, or a login that nobody has. */
    subject: text().notNull(),
    phoneId: text('phone_id'),
    address: text(),
    detail: text(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.at, t.id] }),
    index('identity_audit_by_subject').on(t.tenant, t.subject, t.at),
  ],
);
