import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { Cursor, ScopeName } from './identity.ts';

/** A row as clients see it: the fields of the collection's schema. */
export const Row = z.record(z.string(), z.unknown());
export type Row = z.infer<typeof Row>;

/** One row's state in one scope. `row: null` takes it out of that scope. */
export const Change = z.object({
  scope: ScopeName,
  collection: z.string().check(z.maxLength(64)),
  id: z.string().check(z.maxLength(256)),
  version: z.int().check(z.nonnegative()),
  /** Random 1 to 2³²-1 given to the row at each publish; 0 for a row that left. Summed in the scope's checksum. */
  tag: z.int().check(z.nonnegative()),
  row: z.nullable(Row),
});
export type Change = z.infer<typeof Change>;

/** A scope's head: how many rows it holds at `version` and the decimal sum of their tags. */
export const ScopeState = z.object({
  version: z.int().check(z.nonnegative()),
  rows: z.optional(z.int().check(z.nonnegative())),
  checksum: z.optional(z.string().check(z.maxLength(40))),
});
export type ScopeState = z.infer<typeof ScopeState>;

/** As many as the actor has: a new epoch resets them all. */
const scopeList = z.array(ScopeName);

/** What changed after a cursor, read in one snapshot. */
export const Delta = z.object({
  changes: z.array(Change).check(z.maxLength(limits.changesPerPage)),
  scopes: z.record(ScopeName, ScopeState),
  /** Scopes whose rows the client must forget before it applies the changes. */
  reset: scopeList,
  /** Scopes the actor may no longer read: forget their rows. */
  dropped: scopeList,
  cursor: Cursor,
  /** Ask again at once with the new cursor. */
  more: z.boolean(),
});
export type Delta = z.infer<typeof Delta>;
