import type { Evidence } from './evidence.ts';
import type { Purse } from './purse.ts';

/** A place that money passes, with what stands there for one tenant. */
export interface Station {
  readonly station: string;
  readonly count: number;
  /** Undefined where nothing of money is noted. */
  readonly paise: number | undefined;
}

/** Rows that a message names. */
const mostRows = 5;

/** The books of one tenant while they are closed: its stations one after the other, and what does not fit. */
export class TenantBooks {
  readonly evidence: Evidence;
  readonly tenant: string;
  readonly stations: Station[] = [];
  readonly violations: string[] = [];

  constructor(evidence: Evidence, tenant: string) {
    this.evidence = evidence;
    this.tenant = tenant;
  }

  own<Row extends { readonly tenant: string }>(rows: readonly Row[]): Row[] {
    return rows.filter(({ tenant }) => tenant === this.tenant);
  }

  /** Notes a station with what its purse has. */
  enter(purse: Purse): void {
    this.stations.push({ station: purse.name, count: purse.count, paise: purse.paise });
  }

  compare(one: Purse, other: Purse): void {
    const rows = one.differences(other);
    if (rows.length > 0)
      this.violations.push(
        `"${one.name}" (${one.count}, ${one.paise} paise) is not "${other.name}" (${other.count}, ${other.paise} paise), in ${rows.length} rows: ${rows.slice(0, mostRows).join('; ')}`,
      );
  }

  compareLines(one: string, ones: readonly string[], other: string, others: readonly string[]): void {
    const missing = surplus(ones, others);
    const extra = surplus(others, ones);
    const rows = [...missing.map((row) => `only in ${one}: ${row}`), ...extra.map((row) => `only in ${other}: ${row}`)];
    if (rows.length > 0)
      this.violations.push(`${one} and ${other} differ in ${rows.length} rows: ${rows.slice(0, mostRows).join('; ')}`);
  }
}

/** What the first has more often than the second. */
function surplus(ones: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return ones.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  });
}
