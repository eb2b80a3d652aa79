import type * as z from 'zod/v4/core';
import type { Jsonable } from './jsonable.ts';
import type { Thin } from './thin.ts';

/** A thing a person can do: its arguments, its result, and the ways the server may say no. */
export interface MutationDeclaration<
  Args extends z.$ZodType = z.$ZodType,
  Result extends z.$ZodType | undefined = z.$ZodType | undefined,
  Reject extends string = string,
> {
  /** The schema of its arguments. */
  readonly args: Args;
  /** The schema of what the server answers when it was applied; undefined: nothing. */
  readonly result: Result;
  /** Codes of business refusals, besides those the protocol itself has. */
  readonly rejects: readonly Reject[];
  /** False: no receipt is kept, so no trace of who did it (location pings). Such mutations still happen once per client. */
  readonly audit: boolean;
  /** Which of the unsent ones the device lets go when there are too many; only without receipts. Default: none. */
  readonly thin?: Thin | undefined;
}

/**
 * Declares a mutation. Args and result are JSON: a Date or a bigint among their fields does not compile.
 *
 * @example
 * const confirmDelivery = mutation({
 *   args: z.object({ deliveryId: z.string(), amountPaise: z.int().check(z.positive()) }),
 *   result: z.object({ receiptNo: z.string() }),
 *   rejects: ['not_found', 'already_confirmed'],
 * });
 * // A week without a line leaves 500 of these, not 20,000.
 * const ping = mutation({ args: z.object({ lat: z.number(), lng: z.number() }), audit: false, thin: keepEvenly(500) });
 * @throws TypeError when `thin` is given for a mutation that keeps receipts: nothing of those may be let go.
 */
export function mutation<
  const Args extends z.$ZodType,
  const Result extends z.$ZodType | undefined = undefined,
  const Reject extends string = never,
>(declared: {
  args: Args & Jsonable<z.input<Args>>;
  result?: Result & Jsonable<Result extends z.$ZodType ? z.output<Result> : unknown>;
  rejects?: readonly Reject[];
  audit?: boolean;
  thin?: Thin;
  // What `defineModel` expects must not widen what was left out here.
}): MutationDeclaration<Args, NoInfer<Result>, NoInfer<Reject>> {
  if (declared.thin && declared.audit !== false) throw new TypeError('mutation: thin goes with audit: false only');
  return {
    args: declared.args,
    result: declared.result as Result,
    rejects: declared.rejects ?? [],
    audit: declared.audit ?? true,
    thin: declared.thin,
  };
}
