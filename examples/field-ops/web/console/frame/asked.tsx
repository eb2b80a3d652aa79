import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from './api-line.ts';

/** What an answer shows; before it is there, that it is being asked for; without one, why, and the way to ask again. */
export function Asked<T>({ query, children }: { query: UseQueryResult<T>; children(data: T): ReactNode }) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <p className="dim asking" aria-live="polite">
      Asking the server…
    </p>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div className="refused" role="alert">
      <p>{inWords(error)}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function inWords(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.code === 'unreachable') return 'The server could not be reached. What you see may be old.';
    return error.message;
  }
  return 'That did not work. Try again.';
}
