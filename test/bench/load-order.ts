import type { Slice } from './plan.ts';

/**
 * `single`: one confirmation per request. `batch`: 50 per request. `sync-new` and `sync-known`: 50 per request by
 * phones of the protocol; those of the latter have pulled their day before.
 */
export type TrafficKind = 'single' | 'batch' | 'sync-new' | 'sync-known';

/** What the load process is told to do: warm up, then confirm until the time or the slice is over. */
export interface LoadOrder {
  readonly kind: TrafficKind;
  readonly url: string;
  /** Signs the agents' tokens. */
  readonly secret: string;
  readonly connections: number;
  readonly slice: Slice;
  /** These many confirmations of the slice at most, and no longer than that, are for warming up. */
  readonly warmUp: Limit;
  readonly measured: Limit;
  /** Of the order in which agents come. */
  readonly seed: number;
}

export interface Limit {
  readonly confirmations: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** All that were answered `applied`, those of the warming up included. */
  readonly confirmedInAll: number;
  readonly confirmed: number;
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds from a request's beginning to the end of its answer. */
  readonly p50: number;
  readonly p95: number;
  /** CPU seconds of the load process itself. */
  readonly cpuSeconds: number;
}

export type LoadMessage =
  | { readonly type: 'warm' }
  | { readonly type: 'done'; readonly result: LoadResult }
  | { readonly type: 'failed'; readonly message: string };
