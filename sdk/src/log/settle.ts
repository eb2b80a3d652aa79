import type { Outcome, Receipt } from '../protocol/index.ts';
import type { Transaction } from '../store/store.ts';
import { isPending, type LogEntry } from './entry.ts';

/** Writes the outcomes of mutations that were sent. Entries are recognised by their keys, not by their ids alone. */
export async function settle(
  tx: Transaction,
  sent: readonly LogEntry[],
  receipts: readonly Receipt[],
  now: number,
): Promise<LogEntry[]> {
  const seqs = new Map(sent.map(({ key, seq }) => [key, seq]));
  const settled = await Promise.all(
    receipts.map(async (receipt) => {
      const seq = seqs.get(receipt.key);
      const entry = seq === undefined ? undefined : ((await tx.get('log', seq)) as LogEntry | undefined);
      if (!entry || !isPending(entry)) return undefined;
      const { again: _again, ...rest } = entry;
      return { ...rest, sent: true, receipt: toOutcome(receipt), settledAt: now };
    }),
  );
  const entries = settled.filter((entry) => entry !== undefined);
  await Promise.all(entries.map((entry) => tx.put('log', entry.seq, entry)));
  return entries;
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
export async function handleDead(tx: Transaction, letters: readonly Handled[], now: number): Promise<LogEntry[]> {
  const handled = await Promise.all(
    letters.map(async ({ seq, outcome, closeReason }) => {
      const entry = (await tx.get('log', seq)) as LogEntry | undefined;
      // A scope that is sent whole again tells the same once more.
      const known = outcome.status === 'dead' && closeReason === entry?.closeReason;
      if (entry?.receipt?.status !== 'dead' || known) return undefined;
      const { dismissed: _dismissed, ...rest } = entry;
      return {
        ...(entry.replacedBy === undefined ? rest : entry),
        receipt: toOutcome(outcome),
        settledAt: now,
        ...(closeReason !== undefined && { closeReason }),
      };
    }),
  );
  const entries = handled.filter((entry) => entry !== undefined);
  await Promise.all(entries.map((entry) => tx.put('log', entry.seq, entry)));
  return entries;
}

function toOutcome({ status, result, error }: Outcome): Outcome {
  return { status, ...(result !== undefined && { result }), ...(error && { error }) };
}
