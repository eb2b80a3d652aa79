/** What the routes below `/api/v1/exports` take and answer: read by the server and by the console. */
import * as z from 'zod/mini';

export const exportKinds = [
  ...(['deliveries', 'disbursements', 'ledger', 'day-closings', 'audit'] as const),
  ...(['settlement-disbursements', 'settlement-lines'] as const),
] as const;
export type ExportKind = (typeof exportKinds)[number];
export const exportFormats = ['csv', 'xlsx', 'jsonl'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** `queued` → `running` → `done` → `expired`; or `failed`, or `cancelled` by whoever asked. */
export const exportStates = ['queued', 'running', 'done', 'failed', 'cancelled', 'expired'] as const;
export type ExportState = (typeof exportStates)[number];

const text = z.nullable(z.string());
const word = z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[^\0]*$/));
const Day = z.iso.date().check(z.regex(/^[1-9]/));

export const ExportFilters = z.strictObject({
  /** Days of the operator, `YYYY-MM-DD`; both are included. */
  ...{ from: z.optional(Day), to: z.optional(Day), status: z.optional(word), region: z.optional(word) },
  /** The settlement run; for what is of one. */
  runId: z.optional(z.uuid()),
  /** Of deliveries: a query string as `/api/v1/records/deliveries` takes it, so that the file has what the list shows. */
  list: z.optional(z.string().check(z.maxLength(2000), z.regex(/^[^\0]*$/))),
});
export type ExportFilters = z.infer<typeof ExportFilters>;

export const Export = z.object({
  ...{ id: z.string(), kind: z.enum(exportKinds), format: z.enum(exportFormats), filters: ExportFilters },
  ...{ regions: z.nullable(z.array(z.string())), requestedBy: z.string(), requestedAt: z.string() },
  ...{ state: z.enum(exportStates), rows: z.int(), total: z.nullable(z.int()), bytes: z.int(), error: text },
  ...{ finishedAt: text, expiresAt: text, fileName: z.string() },
});
export type Export = z.infer<typeof Export>;
export const Exports = z.object({ exports: z.array(Export), next: text });
/** A path that gives the file without a token, until then. */
export const ExportLink = z.object({ path: z.string(), expiresAt: z.string() });
