import { parseRupees } from '../shared/rupees.ts';

/** As `parseRupees`, and a day on which nothing was taken is a day too: zero counts. */
export function parseTotal(typed: string): number | null {
  return /^[\s,₹0०]*(?:\.[0०]{0,2})?$/.test(typed) && /[0०]/.test(typed) ? 0 : parseRupees(typed);
}
