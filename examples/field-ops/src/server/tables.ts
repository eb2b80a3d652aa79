import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  date,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';

/** Whole paise. */
const paise = (name: string) => bigint(name, { mode: 'number' });
/** Text without case and marks. */
const plain = (column: AnyPgColumn) => sql`upper(regexp_replace(${column}, '[^A-Za-z0-9]', '', 'g'))`;
const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

export const agents = pgTable(
  'agents',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    phone: text().notNull(),
    regionId: text('region_id').notNull(),
    active: boolean().notNull().default(true),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.id] }), index('agents_by_region').on(t.tenant, t.regionId)],
);

export const deliveries = pgTable(
  'deliveries',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    kind: text({ enum: ['disbursement', 'collection'] }).notNull(),
    status: text({ enum: ['pending', 'confirmed', 'failed', 'cancelled'] })
      .notNull()
      .default('pending'),
    agentId: text('agent_id').notNull(),
    regionId: text('region_id').notNull(),
    village: text().notNull(),
    pincode: text().notNull(),
    customerName: text('customer_name').notNull(),
    customerPhone: text('customer_phone').notNull(),
    mfiId: text('mfi_id').notNull(),
    loanId: text('loan_id').notNull(),
    instalmentNo: integer('instalment_no'),
    amountPaise: paise('amount_paise').notNull(),
    dueOn: date('due_on').notNull(),
    confirmedAt: moment('confirmed_at'),
    receiptNo: text('receipt_no'),
    failReason: text('fail_reason'),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    index('deliveries_by_agent').on(t.tenant, t.agentId),
    index('deliveries_by_region').on(t.tenant, t.regionId, t.status),
    check('deliveries_amount', sql`${t.amountPaise} > 0`),
  ],
);

export const disbursements = pgTable(
  'disbursements',
  {
    tenant: text().notNull(),
    id: text().notNull(),
    deliveryId: text('delivery_id').notNull(),
    mfiId: text('mfi_id').notNull(),
    loanId: text('loan_id').notNull(),
    amountPaise: paise('amount_paise').notNull(),
    status: text({ enum: ['open', 'disbursed', 'reconciled', 'mismatch'] })
      .notNull()
      .default('open'),
    bankRef: text('bank_ref'),
    reconciledAt: moment('reconciled_at'),
    regionId: text('region_id').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    unique('disbursements_by_delivery').on(t.tenant, t.deliveryId),
    index('disbursements_by_region').on(t.tenant, t.regionId),
    // How the bank's file names them: see settlement/references.ts.
    index('disbursements_by_plain_id').on(t.tenant, plain(t.id)),
    index('disbursements_by_plain_loan').on(t.tenant, plain(t.loanId)),
    index('disbursements_by_plain_delivery').on(t.tenant, plain(t.deliveryId)),
    index('disbursements_by_status').on(t.tenant, t.status, t.id),
  ],
);

const position = {
  lat: doublePrecision().notNull(),
  lng: doublePrecision().notNull(),
  accuracyM: doublePrecision('accuracy_m').notNull(),
  at: moment('at').notNull(),
};

/** Where each agent was last. */
export const agentPositions = pgTable(
  'agent_positions',
  { tenant: text().notNull(), agentId: text('agent_id').notNull(), ...position, regionId: text('region_id').notNull() },
  (t) => [primaryKey({ columns: [t.tenant, t.agentId] }), index('agent_positions_by_region').on(t.tenant, t.regionId)],
);

/**
 * Where each agent has been; never leaves the server. Partitioned by the month of `at`, which so is in the key
 * (places/track-partitions.ts): the database holds one trace of a key for each moment, the mutator one for all of them.
 */
export const agentTrack = pgTable(
  'agent_track',
  {
    ...{ tenant: text().notNull(), agentId: text('agent_id').notNull(), key: uuid().notNull(), ...position },
    /** Made up, for the demo day. */
    demo: boolean().notNull().default(false),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.agentId, t.key, t.at] }),
    index('agent_track_by_time').on(t.tenant, t.agentId, t.at),
  ],
);

/** Accounts of the ledger: the cash an agent carries, and what lies between the operator and each MFI. */
export const ledgerAccounts = pgTable(
  'ledger_accounts',
  { tenant: text().notNull(), id: text().notNull(), kind: text({ enum: ['agent_cash', 'mfi'] }).notNull() },
  (t) => [primaryKey({ columns: [t.tenant, t.id] })],
);

/** Double entry: one debit and one credit of the same amount for each confirmed delivery. */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    tenant: text().notNull(),
    deliveryId: text('delivery_id').notNull(),
    kind: text({ enum: ['debit', 'credit'] }).notNull(),
    accountId: text('account_id').notNull(),
    amountPaise: paise('amount_paise').notNull(),
    agentId: text('agent_id').notNull(),
    /** The receipt that moved the money. */
    key: uuid().notNull(),
    at: moment('at').notNull(),
  },
  (t) => [
    // The last line against moving the money of one delivery twice.
    primaryKey({ name: 'ledger_entries_once', columns: [t.tenant, t.deliveryId, t.kind] }),
    index('ledger_entries_by_account').on(t.tenant, t.accountId),
    index('ledger_entries_by_agent').on(t.tenant, t.agentId, t.at),
    check('ledger_entries_amount', sql`${t.amountPaise} > 0`),
  ],
);

/** An agent's count at the end of a day, beside what the ledger says. */
export const dayClosings = pgTable(
  'day_closings',
  {
    tenant: text().notNull(),
    agentId: text('agent_id').notNull(),
    date: date().notNull(),
    collectedPaise: paise('collected_paise').notNull(),
    disbursedPaise: paise('disbursed_paise').notNull(),
    count: integer().notNull(),
    ledgerCollectedPaise: paise('ledger_collected_paise').notNull(),
    ledgerDisbursedPaise: paise('ledger_disbursed_paise').notNull(),
    ledgerCount: integer('ledger_count').notNull(),
    closedAt: moment('closed_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.agentId, t.date] })],
);

/** Tables that mutators use and no client sees. */
export const serverTables = [agentTrack, ledgerAccounts, ledgerEntries, dayClosings];
