import { type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query';
import type * as z from 'zod/mini';
import { useConsole } from './console-context.ts';

interface PageOf {
  readonly next: string | null;
}

export interface Pages<Page> {
  readonly pages: readonly Page[];
  readonly list: Pick<
    UseInfiniteQueryResult,
    'isPending' | 'isError' | 'error' | 'hasNextPage' | 'isFetchingNextPage' | 'refetch' | 'fetchNextPage'
  >;
}

/**
 * A list that the server gives by the page.
 *
 * @param path with its query string; the cursor is added
 * @param refetchMs asks anew so often; false: never
 */
export function usePages<Page extends PageOf>(
  path: string,
  schema: z.ZodMiniType<Page>,
  refetchMs: number | false = 15_000,
  cursorName: 'cursor' | 'after' = 'cursor',
): Pages<Page> {
  const { api } = useConsole();
  const list = useInfiniteQuery({
    queryKey: ['pages', path],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      const cursor =
        pageParam === '' ? '' : `${path.includes('?') ? '&' : '?'}${cursorName}=${encodeURIComponent(pageParam)}`;
      return api.get(path + cursor, schema, signal);
    },
    getNextPageParam: ({ next }) => next,
    placeholderData: (before) => before,
    refetchInterval: refetchMs,
  });
  return { pages: list.data?.pages ?? [], list };
}

/** A path with what is chosen of its parameters. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null && value !== '') query.set(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}
