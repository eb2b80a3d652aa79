import type { Thin } from '../model/index.ts';
import type { Transaction } from '../store/store.ts';
import { asSkip, isSkip, type LogEntry } from './entry.ts';
import { changeEntries, listEntries } from './stored-entries.ts';

/**
 * Turns what the model says is too many into skips, in the transaction that adds more: their ids are taken, and nothing
 * else happens.
 *
 * @param pending what memory knows of; another tab may have sent or skipped some of it meanwhile, which counts
 * @param added what this transaction has written
 */
export async function thinUnsent(
  tx: Transaction,
  pending: readonly LogEntry[],
  added: readonly LogEntry[],
  thinOf: (name: string) => Thin | undefined,
): Promise<LogEntry[]> {
  const skips: LogEntry[] = [];
  for (const name of new Set(added.map((entry) => entry.name))) {
    const thin = thinOf(name);
    if (!thin) continue;
    const unsent = [...pending, ...added].filter((entry) => entry.name === name && !entry.sent);
    const thinned = await changeEntries(tx, thin(unsent), (stored, { key }) =>
      stored.key !== key || stored.sent || isSkip(stored) ? undefined : asSkip(stored),
    );
    skips.push(...thinned);
  }
  return skips;
}

/** The same with those of these keys, which the person was told are not saved, and may be doing again now. */
export async function skipRefused(tx: Transaction, refused: ReadonlySet<string>): Promise<LogEntry[]> {
  if (refused.size === 0) return [];
  const unsent = (await listEntries(tx)).filter(({ key, sent }) => !sent && refused.has(key));
  return changeEntries(tx, unsent, asSkip);
}
