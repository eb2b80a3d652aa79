/** What the routes below `/api/v1/settlement` answer: read by the server that says it and by the console that shows it. */
import * as z from 'zod/mini';

/**
 * How far a run has come. It only goes on to the next one; `matching` may come again after `posting`, when somebody else
 * reconciled in between, and after `done`, when ops run it again. `failed`: the file cannot be read; `error` says why.
 */
export const runStates = ['received', 'reading', 'matching', 'posting', 'done', 'failed'] as const;
export type RunState = (typeof runStates)[number];

/**
 * What a line of the bank's file is; each is in one group.
 *
 * - `matched`, `mismatched`: names a disbursement of ours, with our amount or with another
 * - `early`: names one that no agent has reported as paid out yet
 * - `doubled`: told before, in this file or for a disbursement that another payment has settled
 * - `returned`: money that came back
 * - `unknown`: names nothing of ours, or more than one
 * - `unreadable`; `layout`: what is around the payments
 */
export const lineGroups = [
  ...(['matched', 'mismatched', 'early', 'doubled', 'returned', 'unknown', 'unreadable', 'layout'] as const),
] as const;
export type LineGroup = (typeof lineGroups)[number];

/**
 * What a disbursement is to a run; each of the tenant's is in one group.
 *
 * - `matched`, `mismatched`, `early`: as the line that names it
 * - `doubled`: settled by an earlier payment, and the file has another one
 * - `returned`: the file has money of it that came back; nothing is posted, people look
 * - `missing`: paid out by us up to the file's last day, and the bank has nothing
 *
 * These have a row each. The others are only counted: `later` (paid out after the file's last day), `unpaid` (not paid
 * out, and not in the file), `settledBefore`, `mismatchedBefore` (by an earlier file, and not in this one).
 */
export const itemGroups = ['matched', 'mismatched', 'early', 'doubled', 'returned', 'missing'] as const;
export type ItemGroup = (typeof itemGroups)[number];

export const decisions = ['accepted', 'contested'] as const;

const text = z.nullable(z.string());
const money = z.nullable(z.int());
const LineTotal = z.object({ lines: z.int(), outPaise: z.int(), backPaise: z.int() });
const DisbursementTotal = z.object({ disbursements: z.int(), ourPaise: z.int(), bankPaise: z.int() });

export const SettlementRun = z.object({
  ...{ id: z.string(), fileName: z.string(), fileHash: z.string(), fileBytes: z.int(), uploadedBy: z.string() },
  ...{ uploadedAt: z.string(), state: z.enum(runStates), error: text, upTo: text, repeats: z.int(), finishedAt: text },
  summary: z.nullable(
    z.object({
      lines: z.record(z.enum(lineGroups), LineTotal),
      file: LineTotal,
      disbursements: z.record(z.string(), DisbursementTotal),
      books: DisbursementTotal,
      /** How many the engine did not do what was asked of it: they are open, whatever their group. */
      refused: z.optional(z.int()),
    }),
  ),
});
export type SettlementRun = z.infer<typeof SettlementRun>;
export const SettlementRuns = z.object({ runs: z.array(SettlementRun), next: text });

export const SettlementLine = z.object({
  ...{ no: z.int(), group: z.enum(lineGroups), raw: z.string(), why: text, disbursementId: text, bankRef: text },
  ...{ amountPaise: money, side: z.nullable(z.enum(['out', 'back'])), day: text },
});
export type SettlementLine = z.infer<typeof SettlementLine>;
export const SettlementLines = z.object({ lines: z.array(SettlementLine), next: text });

export const SettlementItem = z.object({
  ...{ disbursementId: z.string(), group: z.enum(itemGroups), regionId: z.string(), mfiId: z.string() },
  ...{ loanId: z.string(), ourPaise: z.int(), bankPaise: money, extraPaise: z.int(), returnedPaise: z.int() },
  ...{ bankRef: text, lineNo: money, outcome: text, refusal: text, decisions: z.int() },
  ...{ decision: z.nullable(z.enum(decisions)), reason: text, decidedBy: text },
});
export type SettlementItem = z.infer<typeof SettlementItem>;
export const SettlementItems = z.object({ disbursements: z.array(SettlementItem), next: text });
