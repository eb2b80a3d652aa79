import { createContext, useContext, useSyncExternalStore } from 'react';
import type { FeedState, LiveFeed } from '../live-feed.ts';
import type { OfficeSession } from '../office-session.ts';
import type { ApiLine } from './api-line.ts';

/** What every screen has: who is signed in, the rows that are synced, and the way to ask for more. */
export interface Console {
  readonly session: OfficeSession;
  readonly feed: LiveFeed;
  readonly api: ApiLine;
}

export const ConsoleContext = createContext<Console | null>(null);

export function useConsole(): Console {
  const found = useContext(ConsoleContext);
  if (found === null) throw new Error('outside of the console');
  return found;
}

export function useFeed(): FeedState {
  const { feed } = useConsole();
  return useSyncExternalStore(feed.subscribe, feed.get);
}

/** Ops of all regions: who may see what cannot be divided by region. */
export function useSeesAll(): boolean {
  return useConsole().session.account.regions.includes('*');
}

/** Operations of all regions: who administers accounts, and whatever leaves the house. */
export function useAdministers(): boolean {
  const { role } = useConsole().session.account;
  return useSeesAll() && role === 'ops';
}

/** Operations, of any region: who assigns and cancels deliveries. */
export function useOperates(): boolean {
  return useConsole().session.account.role === 'ops';
}
