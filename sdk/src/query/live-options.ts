import type { Query as CachedQuery, QueryFunctionContext, QueryKey } from '@tanstack/query-core';

/**
 * Options for TanStack Query (`useQuery`, `queryClient.fetchQuery`, …) whose data is kept up to date by the client:
 * nothing is refetched, and the answer does not depend on the network. Don't persist these queries: the data is
 * on the device already, and data that was not fetched by this client is not kept up to date.
 */
export interface LiveQueryOptions<Data> {
  readonly queryKey: QueryKey;
  readonly queryFn: (context: QueryFunctionContext) => Promise<Data>;
  readonly staleTime: number;
  readonly networkMode: 'always';
  readonly retry: false;
  readonly refetchOnMount: false;
  readonly refetchOnWindowFocus: false;
  readonly refetchOnReconnect: false;
}

/** Where the data of one query comes from. */
export interface LiveSource<Data> {
  read(): Promise<Data>;
  /** Calls back with the data soon and after every change; returns unsubscribe. */
  watch(listener: (data: Data) => void): () => void;
}

/** Gives query options, and keeps one watch for each query in whatever cache they are used with. */
export class LiveQueries {
  readonly #stops = new Map<CachedQuery, () => void>();

  options<Data>(queryKey: QueryKey, source: LiveSource<Data>): LiveQueryOptions<Data> {
    return {
      queryKey,
      queryFn: (context) => this.#fetch(context, source),
      staleTime: Infinity,
      networkMode: 'always',
      retry: false,
      refetchOnMount: false,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    };
  }

  /** Ends every watch; the queries keep the data they have. */
  close(): void {
    for (const stop of [...this.#stops.values()]) stop();
  }

  async #fetch<Data>({ client, queryKey }: QueryFunctionContext, source: LiveSource<Data>): Promise<Data> {
    const cache = client.getQueryCache();
    const query = cache.find({ queryKey, exact: true });
    const data = await source.read();
    if (!query || this.#stops.has(query) || cache.get(query.queryHash) !== query) return data;
    const unwatch = source.watch((next) => client.setQueryData(queryKey, next));
    const unsubscribe = cache.subscribe((event) => {
      if (event.type === 'removed' && event.query === query) stop();
    });
    const stop = () => {
      unwatch();
      unsubscribe();
      this.#stops.delete(query);
    };
    this.#stops.set(query, stop);
    return data;
  }
}
