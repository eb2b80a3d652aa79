import { UnsentError } from './errors.ts';
import { isPending, isSkip, needsAttention } from './log/entry.ts';
import { listEntries } from './log/stored-entries.ts';
import type { Platform } from './platform.ts';
import { getIdentity, putMeta } from './store/meta.ts';
import type { Store } from './store/store.ts';

/** A tab that sleeps may hold the store open for long; what was in it is gone by then. */
const destroyMs = 3_000;

/** What becomes of what only this device has. */
export interface SignOutOptions {
  /** True: unsent mutations are dropped for ever, and so are refusals that nobody has seen. */
  readonly dropUnsent?: boolean | undefined;
}

/**
 * Empties the store, in one transaction, and leaves a mark that it was on purpose: a tab that still has everything in
 * memory must not write it back.
 *
 * @throws UnsentError when something of it is on this device only; nothing was changed.
 */
export async function emptyStore(store: Store, { dropUnsent = false }: SignOutOptions): Promise<void> {
  const refusal = await store.transaction(['log', 'rows', 'meta'], 'durable', async (tx) => {
    const entries = await listEntries(tx);
    const unsent = entries.filter((entry) => isPending(entry) && !isSkip(entry));
    const unseen = entries.filter(needsAttention).length;
    if (!dropUnsent && unsent.length + unseen > 0) {
      return new UnsentError(unsent.length, unsent[0]?.at ?? null, unseen);
    }
    await Promise.all([tx.clear('log'), tx.clear('rows'), tx.clear('meta')]);
    await putMeta(tx, 'signedOut', true);
    return undefined;
  });
  if (refusal) throw refusal;
}

/**
 * Deletes an emptied store, without waiting for ever for those who have it open. One that somebody has signed in to again
 * meanwhile, in another tab, is theirs.
 */
export async function destroyStore(
  store: Store,
  platform: Pick<Platform, 'setTimeout' | 'clearTimeout'>,
): Promise<void> {
  let timer: unknown;
  const late = new Promise<void>((resolve) => {
    timer = platform.setTimeout(resolve, destroyMs);
  });
  const begun = await store.transaction(['meta'], 'read', (tx) => getIdentity(tx));
  await Promise.race([begun ? store.close() : store.destroy(), late]).finally(() => platform.clearTimeout(timer));
}
