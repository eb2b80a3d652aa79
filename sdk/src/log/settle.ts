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

/** Ops retried a dead letter: its outcome changes, which may need somebody's attention again. */
export async function reviveDead(
  tx: Transaction,
  outcomes: readonly { seq: number; outcome: Outcome }[],
  now: number,
): Promise<LogEntry[]> {
  const revived = await Promise.all(
    outcomes.map(async ({ seq, outcome }) => {
      const entry = (await tx.get('log', seq)) as LogEntry | undefined;
      if (entry?.receipt?.status !== 'dead' || outcome.status === 'dead') return undefined;
      const { dismissed: _dismissed, ...rest } = entry;
      return { ...rest, receipt: toOutcome(outcome), settledAt: now };
    }),
  );
  const entries = revived.filter((entry) => entry !== undefined);
  await Promise.all(entries.map((entry) => tx.put('log', entry.seq, entry)));
  return entries;
}

function toOutcome({ status, result, error }: Outcome): Outcome {
  return { status, ...(result !== undefined && { result }), ...(error && { error }) };
}
