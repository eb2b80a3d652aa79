import { boolean, index, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { trafficKinds } from '../../record-answers.ts';

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** How much happened in an hour of a region: one row for each kind, however many requests there were. */
export const trafficHours = pgTable(
  'traffic_hours',
  {
    tenant: text().notNull(),
    /** When the hour began, by the operator's clock: in India hours begin at half past in UTC. */
    hour: moment('hour').notNull(),
    kind: text({ enum: trafficKinds }).notNull(),
    /** Where the agent works; empty for whoever works nowhere, such as the office. */
    regionId: text('region_id').notNull(),
    count: integer().notNull(),
    /** Made up, for the demo day. */
    demo: boolean().notNull().default(false),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.hour, t.kind, t.regionId] }),
    index('traffic_hours_by_kind').on(t.tenant, t.kind, t.hour),
  ],
);

/** What somebody of the office looks for again and again. */
export const savedFilters = pgTable(
  'saved_filters',
  {
    tenant: text().notNull(),
    /** Whose it is: a token's `sub`. */
    accountId: text('account_id').notNull(),
    /** The screen that it is of. */
    list: text({ enum: ['deliveries'] }).notNull(),
    name: text().notNull(),
    /** The screen's query string: filters, sort, columns. */
    query: text().notNull(),
    savedAt: moment('saved_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.accountId, t.list, t.name] })],
);

/** Refusals that somebody of the office has dealt with. The receipt stays as it is: it is the phone's answer. */
export const rejectionNotes = pgTable(
  'rejection_notes',
  {
    tenant: text().notNull(),
    /** Of the mutation that was refused. */
    key: uuid().notNull(),
    note: text().notNull(),
    notedBy: text('noted_by').notNull(),
    notedAt: moment('noted_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.key] })],
);

export const recordTables = [trafficHours, savedFilters, rejectionNotes];
