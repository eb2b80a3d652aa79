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

/** As arguments may be that no compiler has seen, or that were not loaded yet. */
type Unchecked<T> = { readonly [Name in keyof T]?: unknown };

/** Nothing is not a name, and half a character cannot be written down. */
const name = /^[^\ud800-\udfff]+$/u;

/**
 * What the store of a person is called.
 *
 * @throws TypeError when a part of the actor is no name.
 */
export function storeNameOf(actor: Unchecked<Actor> | undefined): string {
  const parts = (['tenant', 'id'] as const).map((part) => {
    const value = actor?.[part];
    if (typeof value === 'string' && name.test(value)) return encodeURIComponent(value);
    throw new TypeError(`actor.${part} must be a well-formed string that is not empty, not ${String(value)}`);
  });
  return parts.join('/');
}

/** What `createClient` needs. */
export interface ClientOptions<M extends Model> {
  /** What `defineModel` made: the file that the server imports too. */
  readonly model: M;
  /** Base URL of the server (`https://sync.example.org`), or a path of the page's own origin; `''` is that origin itself. */
  readonly url: string;
  /** Whose data this is: each (tenant, actor) has a store of their own. */
  readonly actor: Actor;
  /**
   * Asked at the start, and again after a 401. Throwing means "none now": sending pauses, nothing is lost. So it does when
   * the token is a JWT of somebody else than `actor`.
   */
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

/**
 * Looks whether the options can be meant, before anything is opened.
 *
 * @throws TypeError that names the first that cannot.
 */
export function checkOptions(options: Unchecked<ClientOptions<Model>>): void {
  const { model, url, token, store, keepOutcomesMs = 0 } = options;
  const { version, collections, mutations } = (model ?? {}) as Unchecked<Model>;
  const assert = (isSo: unknown, what: string) => {
    if (!isSo) throw new TypeError(`createClient: ${what}`);
  };
  assert(version && collections && mutations, 'model must be what defineModel has made');
  // Anything else a browser asks for beside the page, and Node for ever as if there were no line.
  const isBase = typeof url === 'string' && /^(https?:\/)?(\/[^?#\s]*)?$/i.test(url);
  assert(isBase, "url must be the server's base URL, or '' for the page's own origin");
  assert(typeof token === 'function', 'token must be a function that gives a token');
  assert(typeof store === 'function', 'store must be a function, as idbStore() and its likes give it');
  assert((keepOutcomesMs as number) >= 0, 'keepOutcomesMs must be milliseconds, 0 or more');
}
