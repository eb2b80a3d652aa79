import {
  createContext,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';

/** Where the console is: the path below `/console`, without a slash at its end, and the query string. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const base = import.meta.env.BASE_URL.replace(/\/$/, '');
const moved = 'ekbaar:moved';

function subscribe(listener: () => void): () => void {
  for (const event of ['popstate', moved]) addEventListener(event, listener);
  return () => {
    for (const event of ['popstate', moved]) removeEventListener(event, listener);
  };
}

const Here = createContext<Place>({ path: '', query: new URLSearchParams() });

/** Follows the address: links change it, and so do the browser's own back and forward. */
export function Router({ children }: { children: ReactNode }) {
  const href = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  const place = useMemo(() => {
    const [pathname = '', search = ''] = href.split('?', 2);
    return { path: pathname.slice(base.length).replace(/\/$/, ''), query: new URLSearchParams(search) };
  }, [href]);
  return <Here value={place}>{children}</Here>;
}

export function usePlace(): Place {
  return useContext(Here);
}

/** @param to a path below `/console`, with its query string */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', base + to);
  dispatchEvent(new Event(moved));
}

/** The query string as state: what is empty is left out. Each change replaces the address, so that back leaves the screen. */
export function useQueryString(): [URLSearchParams, (changes: Readonly<Record<string, string | null>>) => void] {
  const { path, query } = usePlace();
  const change = useCallback(
    (changes: Readonly<Record<string, string | null>>) => {
      const next = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }
      go(addressOf(path, next), 'replace');
    },
    [path],
  );
  return [query, change];
}

function addressOf(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

interface LinkProps {
  to: string;
  className?: string;
  current?: boolean;
  testId?: string;
  children: ReactNode;
  onFollow?: () => void;
}

/** A real link: it opens in a new tab, too, when somebody wants that. */
export function Link({ to, className, current, testId, children, onFollow }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(to);
    onFollow?.();
  };
  return (
    <a
      href={base + to}
      className={className}
      aria-current={current === true ? 'page' : undefined}
      data-testid={testId}
      onClick={follow}
    >
      {children}
    </a>
  );
}
