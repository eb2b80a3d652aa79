import { StoreFullError } from '../errors.ts';
import type { Progress } from './meta.ts';
import type { Store } from './store.ts';

/**
 * Runs `write`; when the disk is full, again with the room that is held back for the log.
 *
 * @param write is given what must be so in the progress from then on.
 */
export async function withReserve<T>(store: Store, write: (changes: Partial<Progress>) => Promise<T>): Promise<T> {
  try {
    return await write({});
  } catch (error) {
    if (!(error instanceof StoreFullError) || !(await store.reserve?.release())) throw error;
    return write({ full: true });
  }
}
