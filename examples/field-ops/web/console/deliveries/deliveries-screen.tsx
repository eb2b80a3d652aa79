import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { DeliveryPage, type ListedDelivery } from '../../../src/record-answers.ts';
import { formatWholeRupees } from '../../shared/rupees.ts';
import { ExportButton } from '../exports/export-button.tsx';
import { Failed } from '../frame/asked.tsx';
import { useConsole, useFeed, useOperates } from '../frame/console-context.ts';
import { useQueryString } from '../frame/router.tsx';
import { counted } from '../frame/units.ts';
import { statusInWords } from '../status-words.ts';
import { BulkBar } from './bulk-bar.tsx';
import { ColumnChoice } from './column-choice.tsx';
import { columnsOf } from './columns.tsx';
import { DeliveryGrid } from './delivery-grid.tsx';
import { FilterBar, filterNames } from './filter-bar.tsx';
import { SavedFilters } from './saved-filters.tsx';

const perPage = 200;
const usualSort = '-confirmedAt';
/** Beyond so many pages a change shows in its row, and the rest is not asked for anew. */
const mostRefetched = 3;
const refetchAfterMs = 2_000;

/** The filters alone, as the server reads them. */
function listOf(query: URLSearchParams): string {
  return new URLSearchParams(
    filterNames.flatMap((name) => query.getAll(name).map((value) => [name, value])),
  ).toString();
}

/** Every delivery of the operation, page by page from the server, and live where something changes. */
export function DeliveriesScreen() {
  const { api } = useConsole();
  const feed = useFeed();
  const operates = useOperates();
  const [query, change] = useQueryString();
  // With their rows: what is done to them may take them out of the list.
  const [chosen, setChosen] = useState<ReadonlyMap<string, ListedDelivery>>(new Map());
  const sort = query.get('sort') ?? usualSort;
  const filters = listOf(query);
  const [chosenOf, setChosenOf] = useState(filters);
  // What other filters have brought was chosen in sight of them: nothing is done to rows that nobody looks at.
  if (chosenOf !== filters) {
    setChosenOf(filters);
    setChosen(new Map());
  }

  const asked = useMemo(() => {
    const parameters = new URLSearchParams({ sort, limit: String(perPage) });
    for (const name of filterNames) for (const value of query.getAll(name)) parameters.append(name, value);
    return parameters.toString();
  }, [query, sort]);
  const list = useInfiniteQuery({
    queryKey: ['deliveries', asked],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      api.get(`/api/v1/records/deliveries?${asked}&cursor=${encodeURIComponent(pageParam)}`, DeliveryPage, signal),
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
  });
  const { data, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = list;
  const pages = data?.pages.length ?? 0;

  // A poke has brought rows: what is on the screen changes at once, and what fits the filters now is asked for soon.
  const { deliveries, agents } = feed;
  useEffect(() => {
    if (pages === 0 || pages > mostRefetched) return;
    const timer = setTimeout(() => void refetch(), refetchAfterMs);
    return () => clearTimeout(timer);
    // Not when pages came: only a change of the rows asks again.
  }, [deliveries, refetch]);
  const live = useMemo(() => new Map(deliveries.map((row) => [row.id, row])), [deliveries]);
  const rows = useMemo(
    () =>
      (data?.pages ?? []).flatMap((page) =>
        page.rows.map((row) => {
          const newer = live.get(row.id);
          return newer ? { ...newer, agentName: agents.get(newer.agentId)?.name ?? newer.agentId } : row;
        }),
      ),
    [data, live, agents],
  );
  const totals = data?.pages[0]?.totals ?? null;
  const found = totals && Object.values(totals).reduce((sum, { count }) => sum + count, 0);
  const foundInWords = found === null ? '' : `${counted(found)} ${found === 1 ? 'delivery' : 'deliveries'}`;
  const selected = [...chosen.values()];

  const choose = useCallback((of: readonly ListedDelivery[], wanted: boolean) => {
    setChosen((before) => {
      const next = new Map(before);
      for (const row of of) {
        if (wanted) next.set(row.id, row);
        else next.delete(row.id);
      }
      return next;
    });
  }, []);
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const narrowed = filterNames.some((name) => query.has(name));

  return (
    <div className="screen list-screen">
      <div className="screen-top">
        <h1>Deliveries</h1>
        <SavedFilters query={query.toString()} />
      </div>
      <FilterBar query={query} onChange={change} />
      <div className="list-facts">
        <p aria-live="polite" data-testid="found">
          {list.isPending ? 'Asking the server…' : foundInWords}
          {Object.entries(totals ?? {})
            .filter(([, { count }]) => count > 0)
            .map(([status, { count, amountPaise }]) => (
              <span key={status} className="fact" data-status={status}>
                {statusInWords(status)} {counted(count)} · {formatWholeRupees(amountPaise)}
              </span>
            ))}
        </p>
        {narrowed && (
          <button
            type="button"
            className="quiet"
            onClick={() => change(Object.fromEntries(filterNames.map((name) => [name, null])))}
          >
            Clear filters
          </button>
        )}
        <ExportButton
          kind="deliveries"
          filters={{ list: filters }}
          what={narrowed ? `The ${foundInWords || 'deliveries'} that fit these filters` : 'All deliveries'}
        />
        <ColumnChoice named={query.get('columns')} onChange={(columns) => change({ columns })} />
      </div>
      <BulkBar selected={selected} onClear={() => setChosen(new Map())} onDone={() => void refetch()} />
      {list.isError && <Failed error={list.error} onRetry={() => void refetch()} />}
      <DeliveryGrid
        rows={rows}
        columns={columnsOf(query.get('columns'))}
        sort={sort}
        onSort={(next) => change({ sort: next === usualSort ? null : next })}
        chosen={chosen}
        onChoose={operates ? choose : undefined}
        changedAt={feed.changedAt}
        onEnd={onEnd}
      />
      {!list.isPending && !list.isError && rows.length === 0 && (
        <p className="nothing">No delivery fits these filters.</p>
      )}
    </div>
  );
}
