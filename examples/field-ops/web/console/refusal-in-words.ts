import * as z from 'zod/mini';
import { formatRupees } from '../shared/rupees.ts';

const Refusal = z.object({ code: z.string(), message: z.string() });
const AnotherAmount = z.object({
  error: z.object({ code: z.literal('amount_mismatch'), details: z.object({ expectedPaise: z.int() }) }),
  args: z.object({ amountPaise: z.int() }),
});

/** Why the server refused something, for people: it speaks of paise to programs. Otherwise in its own words. */
export function refusalInWords({ error, args }: { readonly error: unknown; readonly args: unknown }): string {
  const other = AnotherAmount.safeParse({ error, args });
  if (other.success) {
    const { expectedPaise } = other.data.error.details;
    return `${formatRupees(expectedPaise)} is due, ${formatRupees(other.data.args.amountPaise)} was entered`;
  }
  const refusal = Refusal.safeParse(error);
  return refusal.success ? refusal.data.message : '';
}
