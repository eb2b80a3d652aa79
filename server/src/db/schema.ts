import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  json,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

/**
 * The engine's own tables. Every key starts with the tenant: rows of two tenants never meet in an index,
 * row-level security has its column, and the tenant can be the distribution column of a cluster.
 */
export const sync = pgSchema('sync');

const tenant = () => text().notNull();
const counter = () => bigint({ mode: 'number' }).notNull();
const moment = () => timestamp({ withTimezone: true }).notNull();

/** One install of the SDK: how far its log has come here. Its row is the lock under which its mutations run. */
export const clients = sync.table(
  'clients',
  {
    tenant: tenant(),
    clientId: text('client_id').notNull(),
    actor: text().notNull(),
    lastMutationId: bigint('last_mutation_id', { mode: 'number' }).notNull().default(0),
    acked: counter().default(0),
    model: integer(),
    /** The device's clock minus the server's, in milliseconds, network delay included. */
    clockErrorMs: bigint('clock_error_ms', { mode: 'number' }),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    lastSeenAt: timestamp('last_seen_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.clientId] })],
);

/** What was done under each (client, mutation id). `outcome` only where no receipt stands for it. */
export const slots = sync.table(
  'slots',
  {
    tenant: tenant(),
    clientId: text('client_id').notNull(),
    id: counter(),
    key: uuid().notNull(),
    content: text().notNull(),
    outcome: json(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.clientId, t.id] })],
);

/** The durable outcome of every mutation, for ever: the audit log too. */
export const receipts = sync.table(
  'receipts',
  {
    tenant: tenant(),
    key: uuid().notNull(),
    actor: text().notNull(),
    role: text().notNull(),
    clientId: text('client_id'),
    mutationId: bigint('mutation_id', { mode: 'number' }),
    name: text().notNull(),
    /** As received. `json`, not `jsonb`: what came is what is kept. */
    args: json().notNull(),
    content: text().notNull(),
    status: text({ enum: ['applied', 'rejected', 'dead'] }).notNull(),
    result: json(),
    error: json(),
    model: integer(),
    deviceAt: timestamp('device_at', { withTimezone: true }),
    clockErrorMs: bigint('clock_error_ms', { mode: 'number' }),
    serverAt: timestamp('server_at', { withTimezone: true }).notNull().defaultNow(),
    /** All claims of the actor's token, of dead letters only: what is needed to run it again as that actor. */
    claims: json(),
    /** When operations had a dead letter run again; its outcome then reaches the actor's phones. */
    retriedAt: timestamp('retried_at', { withTimezone: true }),
    /** When operations closed a dead letter without running it again, and why. */
    closedAt: timestamp('closed_at', { withTimezone: true }),
    closeReason: text('close_reason'),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.key] }),
    index('receipts_by_actor').on(t.tenant, t.actor, t.serverAt),
    index('receipts_by_time').on(t.tenant, t.serverAt),
    index('receipts_dead')
      .on(t.tenant, t.serverAt, t.key)
      .where(sql`status = 'dead' and closed_at is null`),
  ],
);

/** Business keys that an applied mutation has used up (`onceBy`), across devices and people. */
export const once = sync.table(
  'once',
  { tenant: tenant(), mutation: text().notNull(), value: text().notNull(), key: uuid().notNull() },
  (t) => [primaryKey({ columns: [t.tenant, t.mutation, t.value] })],
);

/** Mutations whose mutator threw, until they succeed or become dead letters. */
export const halts = sync.table(
  'halts',
  {
    tenant: tenant(),
    key: uuid().notNull(),
    tries: integer().notNull(),
    firstAt: timestamp('first_at', { withTimezone: true }).notNull(),
    lastAt: timestamp('last_at', { withTimezone: true }).notNull(),
    error: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.key] })],
);

/**
 * Pushes that have begun: `subject` is a client id, or the key of a mutation over REST. Each goes with its own
 * transaction; one that stays belonged to a process that died, perhaps of what it ran.
 */
export const attempts = sync.table(
  'attempts',
  { tenant: tenant(), subject: text().notNull(), id: uuid().notNull(), at: moment().defaultNow() },
  (t) => [primaryKey({ columns: [t.tenant, t.subject, t.id] })],
);

/** What operations did by hand, such as with dead letters: who, when, to what, why. */
export const audit = sync.table(
  'audit',
  {
    tenant: tenant(),
    id: bigint({ mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    at: moment().defaultNow(),
    actor: text().notNull(),
    action: text().notNull(),
    /** What it was done to: a mutation's key. */
    subject: text().notNull(),
    details: json(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] }), index('audit_by_subject').on(t.tenant, t.subject, t.id)],
);

/** Heads of scopes. `version` is given at commit under this row's lock. */
export const scopes = sync.table(
  'scopes',
  {
    tenant: tenant(),
    scope: text().notNull(),
    version: counter().default(0),
    rows: counter().default(0),
    checksum: counter().default(0),
    /** Tombstones at or below this version may be gone. */
    floor: counter().default(0),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.scope] })],
);

/** One line per row and scope: when it last changed there. `tag` 0 says that it left. */
export const changes = sync.table(
  'changes',
  {
    tenant: tenant(),
    scope: text().notNull(),
    collection: text().notNull(),
    rowId: text('row_id').notNull(),
    version: counter(),
    tag: counter(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.collection, t.rowId, t.scope] }),
    index('changes_in_order').on(t.tenant, t.scope, t.version, t.collection, t.rowId),
    index('changes_tombstones')
      .on(t.tenant, t.scope, t.version)
      .where(sql`tag = 0`),
  ],
);

/** Which version a scope had when, noted now and then: how old a tombstone is. */
export const scopeHistory = sync.table(
  'scope_history',
  { tenant: tenant(), scope: text().notNull(), version: counter(), at: moment().defaultNow() },
  (t) => [primaryKey({ columns: [t.tenant, t.scope, t.version] }), index('scope_history_by_time').on(t.tenant, t.at)],
);

/** Marks that triggers leave on writes of tracked tables, until they are published. */
export const dirty = sync.table(
  'dirty',
  {
    tenant: tenant(),
    id: bigint({ mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    collection: text().notNull(),
    rowId: text('row_id').notNull(),
    /** The engine transaction that wrote; empty for every other program. */
    origin: text().notNull(),
    at: moment().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] }), index('dirty_by_origin').on(t.tenant, t.origin)],
);

/** Which scopes moved, from node to node: hints that live for seconds. */
export const pokes = sync.table(
  'pokes',
  {
    tenant: tenant(),
    id: bigint({ mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    /** The node that knows it already. */
    node: uuid().notNull(),
    /** Scope → version. */
    scopes: json().notNull(),
    at: moment().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] }), index('pokes_in_order').on(t.id)],
);

/** Which tables are synced and how; `scopes_query` is what `sync.publish` asks for a row's scopes. */
export const tracked = sync.table('tracked', {
  collection: text().primaryKey(),
  tableName: text('table_name').notNull(),
  scopesQuery: text('scopes_query').notNull(),
  definition: text().notNull(),
  /** Whether all rows that the table held when it was first tracked are marked; if not, `filledTo` is the last one's key. */
  filled: boolean().notNull().default(true),
  filledTo: text('filled_to'),
});

/** Facts about this database as a whole; `epoch` names its history. */
export const settings = sync.table('settings', { name: text().primaryKey(), value: text().notNull() });
