import {
  bigint,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import { type ExportFilters, exportFormats, exportKinds, exportStates } from '../../export-answers.ts';

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const bytea = customType<{ data: Uint8Array; driverData: Uint8Array | string }>({ dataType: () => 'bytea' });

/** A file that somebody asked for. */
export const exports = pgTable(
  'exports',
  {
    tenant: text().notNull(),
    id: uuid().notNull(),
    kind: text({ enum: exportKinds }).notNull(),
    format: text({ enum: exportFormats }).notNull(),
    filters: jsonb().$type<ExportFilters>().notNull(),
    /** The regions that whoever asked oversaw at that time; null: all. */
    regions: jsonb().$type<readonly string[]>(),
    requestedBy: text('requested_by').notNull(),
    requestedAt: moment('requested_at').notNull(),
    state: text({ enum: exportStates }).notNull().default('queued'),
    /** Whoever works on it takes the next number; who has an older one has been replaced, and stops. */
    attempt: integer().notNull().default(0),
    /** How many rows there will be; null until it is known. */
    total: integer(),
    rows: integer().notNull().default(0),
    bytes: bigint({ mode: 'number' }).notNull().default(0),
    error: text(),
    finishedAt: moment('finished_at'),
    expiresAt: moment('expires_at'),
    /** SHA-256 of the link that needs no token, and until when it is good. */
    linkHash: text('link_hash'),
    linkExpiresAt: moment('link_expires_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    index('exports_by_time').on(t.tenant, t.requestedAt, t.id),
    index('exports_by_expiry').on(t.expiresAt),
  ],
);

/** The file, in pieces: in the database, so that any node can give out what any worker has written. */
export const exportParts = pgTable(
  'export_parts',
  {
    tenant: text().notNull(),
    exportId: uuid('export_id').notNull(),
    part: integer().notNull(),
    bytes: bytea().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.exportId, t.part] })],
);

export const exportTables = [exports, exportParts];
