import { StoreBlockedError, StoreBrokenError, StoreFullError } from '../../errors.ts';

const locked = 'another process, or another store of this app on the same file, holds it: let it finish';

/** What a driver throws, as the SDK's own error where there is one. */
export function asStoreError(error: unknown, file: string): unknown {
  if (textOf(error).includes('database or disk is full')) return new StoreFullError(error);
  if (textOf(error).includes('database is locked')) return new StoreBlockedError(file, locked, { cause: error });
  return isUnreadable(error) ? new StoreBrokenError(file, error) : error;
}

/** Whether the file is not SQLite's, not any more, or encrypted with another key. */
export function isUnreadable(error: unknown): boolean {
  return /database disk image is malformed|file is not a database/.test(textOf(error));
}

/** SQLite's own texts are the only thing that all drivers hand on. */
function textOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error);
}
