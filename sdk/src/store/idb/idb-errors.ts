import { StoreFullError, StoreTooNewError } from '../../errors.ts';

/** What a browser throws, as the SDK's own error where there is one. */
export function asStoreError(error: unknown, database: string): unknown {
  switch (nameOf(error)) {
    case 'QuotaExceededError':
      return new StoreFullError(error);
    case 'VersionError':
      return new StoreTooNewError(`${database} was written by a later version of the SDK`, { cause: error });
    default:
      return error;
  }
}

const lossNames = ['AbortError', 'InvalidStateError', 'TransactionInactiveError', 'UnknownError', 'TimeoutError'];

/**
 * Whether a transaction failed for no fault of its own. iOS aborts what runs when the app goes to the background;
 * WebKit loses its database server ("Connection to Indexed Database server lost"); any browser may close a connection.
 */
export function isLoss(error: unknown): boolean {
  return lossNames.includes(nameOf(error));
}

function nameOf(error: unknown): string {
  return error instanceof DOMException ? error.name : '';
}
