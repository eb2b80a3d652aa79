import type { Model } from './model/index.ts';
import type { Platform } from './platform.ts';
import type { OptimisticEffects } from './replica/optimistic.ts';
import type { StoreLoss } from './safekeeping.ts';
import type { StoreFactory } from './store/store.ts';

/** Whose data a client holds. */
export interface Actor {
  /** The organisation, as the server's tokens name it. */
  readonly tenant: string;
  /** The person: the token's `sub`. */
  readonly id: string;
}

/** What the store of a person is called. */
export function storeNameOf({ tenant, id }: Actor): string {
  return [tenant, id].map(encodeURIComponent).join('/');
}

/** What `createClient` needs. */
export interface ClientOptions<M extends Model> {
  /** What `defineModel` made: the file that the server imports too. */
  readonly model: M;
  /** Base URL of the server, without a trailing slash; `''` is the page's own origin. */
  readonly url: string;
  /** Whose data this is: each (tenant, actor) has a store of their own. */
  readonly actor: Actor;
  /** Asked at the start, and again after a 401. Throwing means "none now": sending pauses, nothing is lost. */
  readonly token: (why: 'first' | 'expired') => Promise<string> | string;
  /** `idbStore()`, `sqliteStore(…)` or `memoryStore()`; called with the store's name. */
  readonly store: StoreFactory;
  /** What each mutation does at once on the device, until the server has spoken. */
  readonly optimistic?: OptimisticEffects<M> | undefined;
  /** How long mutations stay on the device after their outcome, in milliseconds. Default: 7 days. */
  readonly keepOutcomesMs?: number | undefined;
  /** Told at the start of a store that was lost, as long as nobody has called `client.acknowledgeLoss()`. */
  readonly onStoreLost?: ((loss: StoreLoss) => void) | undefined;
  /**
   * Told of what goes wrong, for an error reporter: what `status.lastError` shows, with the error itself. A failure that
   * repeats is told once, until a sync has succeeded. What it throws is ignored. Refusals are no errors: see `rejections`.
   */
  readonly onError?: ((error: unknown, code: string) => void) | undefined;
  /** Clock, timers, randomness, fetch, connectivity. Default: the browser's or Node's own. */
  readonly platform?: Partial<Platform> | undefined;
}
