import type { Outcome, Receipt } from '../protocol/index.ts';
import type { Transaction } from '../store/store.ts';
import { isPending, type LogEntry } from './entry.ts';
import { changeEntries } from './stored-entries.ts';

/** Writes the outcomes of mutations that were sent. Entries are recognised by their keys, not by their ids alone. */
export function settle(
  tx: Transaction,
  sent: readonly LogEntry[],
  receipts: readonly Receipt[],
  now: number,
): Promise<LogEntry[]> {
  const outcomes = new Map(receipts.map((receipt) => [receipt.key, toOutcome(receipt)]));
  const told = sent.filter(({ key }) => outcomes.has(key));
  return changeEntries(tx, told, (entry) => {
    const receipt = outcomes.get(entry.key);
    if (!receipt || !isPending(entry)) return undefined;
    const { again: _again, ...rest } = entry;
    return { ...rest, sent: true, receipt, settledAt: now };
  });
}

/** What operations did with a dead letter: its outcome when they had it run again, or why they closed it. */
export interface Handled {
  readonly seq: number;
  readonly outcome: Outcome;
  readonly closeReason: string | undefined;
}

/**
 * Operations have handled dead letters: they stand otherwise, which may need somebody's attention again, unless another
 * mutation was made in their place.
 */
export function handleDead(tx: Transaction, letters: readonly Handled[], now: number): Promise<LogEntry[]> {
  return changeEntries(tx, letters, (entry, { outcome, closeReason }) => {
    // A scope that is sent whole again tells the same once more.
    const known = outcome.status === 'dead' && closeReason === entry.closeReason;
    if (entry.receipt?.status !== 'dead' || known) return undefined;
    const { dismissed: _dismissed, ...rest } = entry;
    return {
      ...(entry.replacedBy === undefined ? rest : entry),
      receipt: toOutcome(outcome),
      settledAt: now,
      ...(closeReason !== undefined && { closeReason }),
    };
  });
}

function toOutcome({ status, result, error }: Outcome): Outcome {
  return { status, ...(result !== undefined && { result }), ...(error && { error }) };
}
