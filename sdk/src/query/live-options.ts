/** A query in a cache of TanStack Query. */
interface CachedQuery {
  readonly queryKey: readonly unknown[];
  readonly queryHash: string;
}

/**
 * What TanStack Query hands to `queryFn`, and no more of it than is used here: every adapter brings its own version of
 * query-core, whose classes don't fit each other's types.
 */
export interface LiveQueryContext {
  readonly queryKey: readonly unknown[];
  readonly client: {
    getQueryCache(): {
      find(filters: { queryKey: readonly unknown[]; exact: true }): CachedQuery | undefined;
      get(queryHash: string): CachedQuery | undefined;
      remove(query: CachedQuery): void;
      subscribe(listener: (event: { type: string; query: CachedQuery }) => void): () => void;
    };
    setQueryData(queryKey: readonly unknown[], data: unknown): unknown;
  };
}

/**
 * Options for TanStack Query (`useQuery`, `queryClient.fetchQuery`, …) whose data is kept up to date by the client:
 * nothing is refetched, and the answer does not depend on the network. Don't persist these queries: the data is
 * on the device already, and data that was not fetched by this client is not kept up to date.
 */
export interface LiveQueryOptions<Data> {
  readonly queryKey: readonly unknown[];
  /** Reads the answer, and keeps it up to date in that cache from then on. */
  readonly queryFn: (context: LiveQueryContext) => Promise<Data>;
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
  /** The queries that are kept up to date, and how to take each out of its cache. */
  readonly #removals = new Map<CachedQuery, () => void>();
  #closed = false;

  options<Data>(queryKey: readonly unknown[], source: LiveSource<Data>): LiveQueryOptions<Data> {
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

  /** Ends every watch and takes the queries out of their caches: nobody keeps them up to date any more. */
  close(): void {
    this.#closed = true;
    for (const remove of [...this.#removals.values()]) remove();
  }

  async #fetch<Data>({ client, queryKey }: LiveQueryContext, source: LiveSource<Data>): Promise<Data> {
    const cache = client.getQueryCache();
    const query = cache.find({ queryKey, exact: true });
    try {
      return await source.read();
    } finally {
      // Also when the read failed: the watch tries again, and mends the query then.
      if (query && cache.get(query.queryHash) === query) this.#follow(client, query, source);
    }
  }

  #follow<Data>(client: LiveQueryContext['client'], query: CachedQuery, source: LiveSource<Data>): void {
    if (this.#closed || this.#removals.has(query)) return;
    const { queryKey } = query;
    const cache = client.getQueryCache();
    const unwatch = source.watch((next) => client.setQueryData(queryKey, next));
    const unsubscribe = cache.subscribe((event) => {
      if (event.type === 'removed' && event.query === query) stop();
    });
    const stop = () => {
      unwatch();
      unsubscribe();
      this.#removals.delete(query);
    };
    this.#removals.set(query, () => {
      stop();
      cache.remove(query);
    });
  }
}
