import type { Status } from '@ekbaar/sdk';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { now } from '../shared/platform.ts';
import type { AgentClient } from './client.ts';

/** The client's status, kept up to date. */
export function useStatus(client: AgentClient): Status {
  return useSyncExternalStore(client.status.subscribe, client.status.get);
}

/** The time, to the minute: for what is shown relative to today. */
export function useMinute(): number {
  const [time, setTime] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return time;
}
