import {
  bigint,
  boolean,
  customType,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { decisions, itemGroups, lineGroups, runStates } from '../../settlement-answers.ts';
import type { RunSummary } from './summary.ts';

const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
/** Whole paise. */
const paise = (name: string) => bigint(name, { mode: 'number' });
const bytea = customType<{ data: Uint8Array; driverData: Uint8Array | string }>({ dataType: () => 'bytea' });

/** One bank's file, and what came of it. The same bytes again are the same run. */
export const settlementRuns = pgTable(
  'settlement_runs',
  {
    tenant: text().notNull(),
    /** Derived from tenant and hash. */
    id: uuid().notNull(),
    /** SHA-256, hex. */
    fileHash: text('file_hash').notNull(),
    fileName: text('file_name').notNull(),
    fileBytes: bigint('file_bytes', { mode: 'number' }).notNull(),
    /** Where its bytes are. */
    uploadId: uuid('upload_id').notNull(),
    uploadedBy: text('uploaded_by').notNull(),
    uploadedAt: moment('uploaded_at').notNull(),
    state: text({ enum: runStates }).notNull().default('received'),
    /** Whoever works on a run takes the next number; who has an older one has been replaced, and stops. */
    attempt: integer().notNull().default(0),
    /** How often ops had it run again. */
    repeats: integer().notNull().default(0),
    error: text(),
    /** The last day that the file tells of: what was paid out up to it must be there. */
    upTo: date('up_to'),
    summary: jsonb().$type<RunSummary>(),
    finishedAt: moment('finished_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.id] }),
    unique('settlement_runs_by_file').on(t.tenant, t.fileHash),
    index('settlement_runs_by_time').on(t.tenant, t.uploadedAt, t.id),
  ],
);

/** The bytes of uploaded files, in pieces. An upload that no run points to was broken off. */
export const settlementUploads = pgTable(
  'settlement_uploads',
  {
    tenant: text().notNull(),
    uploadId: uuid('upload_id').notNull(),
    part: integer().notNull(),
    bytes: bytea().notNull(),
    at: moment('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.uploadId, t.part] }), index('settlement_uploads_by_time').on(t.at)],
);

export const settlementLines = pgTable(
  'settlement_lines',
  {
    tenant: text().notNull(),
    runId: uuid('run_id').notNull(),
    /** Number of the line in the file. */
    no: integer().notNull(),
    /** The line as it stands there. */
    raw: text().notNull(),
    /** The same for the same payment told again. */
    content: text().notNull(),
    kind: text({ enum: ['payment', 'unreadable', 'layout'] }).notNull(),
    bankRef: text('bank_ref'),
    reference: text(),
    narration: text(),
    amountPaise: paise('amount_paise'),
    /** `out`: paid; `back`: came back. */
    side: text({ enum: ['out', 'back'] }),
    day: date(),
    disbursementId: text('disbursement_id'),
    group: text('line_group', { enum: lineGroups }),
    /** Why it is in its group, in words for ops. */
    why: text(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.runId, t.no] }),
    index('settlement_lines_by_group').on(t.tenant, t.runId, t.group, t.no),
    index('settlement_lines_by_content').on(t.tenant, t.runId, t.content, t.no),
    index('settlement_lines_by_disbursement').on(t.tenant, t.runId, t.disbursementId),
  ],
);

export const settlementItems = pgTable(
  'settlement_items',
  {
    tenant: text().notNull(),
    runId: uuid('run_id').notNull(),
    disbursementId: text('disbursement_id').notNull(),
    group: text('item_group', { enum: itemGroups }).notNull(),
    regionId: text('region_id').notNull(),
    mfiId: text('mfi_id').notNull(),
    loanId: text('loan_id').notNull(),
    ourPaise: paise('our_paise').notNull(),
    /** The line that counts for it, and what it says; null when the bank has nothing. */
    lineNo: integer('line_no'),
    bankRef: text('bank_ref'),
    bankPaise: paise('bank_paise'),
    /** Paid beyond that one line, by other lines of this file. */
    extraPaise: paise('extra_paise').notNull().default(0),
    returnedPaise: paise('returned_paise').notNull().default(0),
    /** The idempotency key under which it is posted; null when there is nothing to post. */
    key: uuid(),
    /** `content` of the line that is posted under the key. */
    content: text(),
    /** How many answers other than yes ops have had asked again: each time under another key. */
    refusals: integer().notNull().default(0),
    toPost: boolean('to_post').notNull(),
    postedAt: moment('posted_at'),
    /** What the engine answered: `reconciled`, `mismatch`, `dead`, or the code it refused with. */
    outcome: text(),
  },
  (t) => [
    primaryKey({ columns: [t.tenant, t.runId, t.disbursementId] }),
    index('settlement_items_by_group').on(t.tenant, t.runId, t.group, t.disbursementId),
    index('settlement_items_by_disbursement').on(t.tenant, t.disbursementId),
  ],
);

/** What people decided about a disbursement that does not fit the bank's file. Nothing is changed: the newest counts. */
export const settlementDecisions = pgTable(
  'settlement_decisions',
  {
    tenant: text().notNull(),
    disbursementId: text('disbursement_id').notNull(),
    /** 1, 2, 3 …: the decisions on one disbursement. */
    no: integer().notNull(),
    runId: uuid('run_id').notNull(),
    /** What was found, when it was decided on. */
    group: text('item_group', { enum: itemGroups }).notNull(),
    bankRef: text('bank_ref'),
    ourPaise: paise('our_paise').notNull(),
    bankPaise: paise('bank_paise'),
    /** Null in what was decided before these were kept: it covers nothing any more. */
    extraPaise: paise('extra_paise'),
    returnedPaise: paise('returned_paise'),
    /** See `refusalIn`. */
    refusal: text(),
    /** `accepted`: we live with it; `contested`: the bank, or the agent, has to put it right. */
    decision: text({ enum: decisions }).notNull(),
    reason: text().notNull(),
    decidedBy: text('decided_by').notNull(),
    decidedAt: moment('decided_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenant, t.disbursementId, t.no] })],
);

export const settlementTables = [
  settlementRuns,
  settlementUploads,
  settlementLines,
  settlementItems,
  settlementDecisions,
];
