import { indiaDay } from '../../src/india-day.ts';
import type { AgentMutation } from './client.ts';
import type { DeliveryEntry } from './delivery-state.ts';

const dayMs = 86_400_000;

/** What an agent did on one day, as this phone has counted it. */
export interface DayTotals {
  /** The operator's day, YYYY-MM-DD. */
  readonly date: string;
  readonly collectedPaise: number;
  readonly disbursedPaise: number;
  /** Confirmed deliveries: what the ledger counts. */
  readonly count: number;
  readonly entries: readonly DeliveryEntry[];
}

/** The agent's closing of a day. */
export type Closing = Extract<AgentMutation, { name: 'closeDay' }>;

/** Counts one day. What waits to be sent counts: it reaches the ledger before the closing does. */
export function totalsOf(entries: readonly DeliveryEntry[], date: string): DayTotals {
  const done = entries.filter(({ row }) => isConfirmed(row) && indiaDay(Date.parse(row.confirmedAt)) === date);
  const sum = (kind: 'collection' | 'disbursement') =>
    done.reduce((all, { row }) => (row.kind === kind ? all + row.amountPaise : all), 0);
  return {
    ...{ date, count: done.length, entries: done },
    ...{ collectedPaise: sum('collection'), disbursedPaise: sum('disbursement') },
  };
}

/** The days on which something was confirmed, the latest first. */
export function daysWithWork(entries: readonly DeliveryEntry[]): string[] {
  const days = entries.flatMap(({ row }) => (isConfirmed(row) ? [indiaDay(Date.parse(row.confirmedAt))] : []));
  return [...new Set(days)].sort().reverse();
}

/** The closing of a day that counts, or is under way: one that was refused, as closed before, is closed too. */
export function closingOf(log: readonly AgentMutation[], date: string): Closing | null {
  const closings = log.filter((record): record is Closing => record.name === 'closeDay' && record.args.date === date);
  const refusedAs = (record: Closing) => (record.state === 'rejected' ? record.error.code : null);
  return (
    [...closings]
      .reverse()
      .find((record) => !['rejected', 'dead'].includes(record.state) || refusedAs(record) === 'already_closed') ?? null
  );
}

/**
 * The latest day before today that this phone worked on and did not close; null when there is none. Of a day that it has
 * forgotten, or that another phone worked on, it cannot say whether it was closed.
 * @param knownDays after which it forgets
 */
export function forgottenDay(log: readonly AgentMutation[], today: string, knownDays: number): string | null {
  const oldest = Date.parse(today) - knownDays * dayMs;
  const days = log.flatMap((record) =>
    record.name === 'confirmDelivery' && !['rejected', 'dead'].includes(record.state)
      ? [indiaDay(Date.parse(record.args.confirmedAt))]
      : [],
  );
  const open = [...new Set(days)].filter(
    (date) => date < today && Date.parse(date) > oldest && closingOf(log, date) === null,
  );
  return open.sort().at(-1) ?? null;
}

function isConfirmed<Row extends DeliveryEntry['row']>(row: Row): row is Row & { confirmedAt: string } {
  return row.status === 'confirmed' && row.confirmedAt !== null;
}
