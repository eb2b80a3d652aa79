import { AsyncLocalStorage } from 'node:async_hooks';
import type { Authenticate } from '../http/auth.ts';
import type { EngineObserver } from '../engine/observer.ts';

/** What is known of a request by the time it is answered: for its log line and its span. Never args, rows or tokens. */
export interface RequestFacts {
  readonly requestId: string;
  tenant?: string;
  actor?: string;
  client?: string;
  /** Mutations that were sent, and how many got which outcome. */
  mutations?: number;
  receipts?: Record<string, number>;
  replayed?: number;
  stopped?: string;
  /** Changes in the delta. */
  changes?: number;
}

/** The facts of the request that the running code belongs to, one storage for each server. */
export type RequestStorage = AsyncLocalStorage<RequestFacts>;

export function requestStorage(): RequestStorage {
  return new AsyncLocalStorage();
}

/** Notes whose request it is. */
export function notingActor(authenticate: Authenticate, requests: RequestStorage): Authenticate {
  return async (request) => {
    const authenticated = await authenticate(request);
    const facts = requests.getStore();
    if (facts !== undefined) {
      facts.tenant = authenticated.actor.tenant;
      facts.actor = authenticated.actor.id;
    }
    return authenticated;
  };
}

/** Notes what the engine does for the request under way. */
export function requestObserver(requests: RequestStorage): EngineObserver {
  return {
    pushed({ client, mutations, stopped }) {
      const facts = requests.getStore();
      if (facts === undefined) return;
      facts.client = client;
      facts.mutations = mutations;
      if (stopped !== undefined) facts.stopped = stopped;
    },
    mutation({ outcome, replayed }) {
      const facts = requests.getStore();
      if (facts === undefined) return;
      facts.mutations ??= 1;
      facts.receipts ??= {};
      facts.receipts[outcome] = (facts.receipts[outcome] ?? 0) + 1;
      if (replayed) facts.replayed = (facts.replayed ?? 0) + 1;
    },
    delta({ changes }) {
      const facts = requests.getStore();
      if (facts !== undefined) facts.changes = changes;
    },
  };
}
