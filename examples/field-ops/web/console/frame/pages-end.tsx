import { Failed } from './asked.tsx';
import type { Pages } from './use-pages.ts';

interface PagesEndProps {
  readonly list: Pages<unknown>['list'];
  /** What is shown so far. */
  readonly count: number;
  /** What is said when there is nothing. */
  readonly empty: string;
  readonly more: string;
}

/** What stands below a list: that it is asked for, that there is nothing, what went wrong, or the way to more. */
export function PagesEnd({ list, count, empty, more }: PagesEndProps) {
  return (
    <>
      {list.isError && <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && (
        <p className="dim asking" aria-live="polite">
          Asking the server…
        </p>
      )}
      {!list.isPending && !list.isError && count === 0 && <p className="nothing">{empty}</p>}
      {list.hasNextPage && (
        <p>
          <button type="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {more}
          </button>
        </p>
      )}
    </>
  );
}
