import type { Client } from '../client.ts';
import type { Model } from '../model/index.ts';
import { syncTag } from './tag.ts';

/** What the worker needs of a client: any client is one. */
export type SyncingClient = Pick<Client<Model>, 'status' | 'sync' | 'close'>;

/** `SyncEvent` and `PeriodicSyncEvent`, which TypeScript's DOM library does not have. */
interface SyncEvent extends Event {
  readonly tag: string;
  waitUntil(work: Promise<void>): void;
}

/**
 * In a service worker, while its script runs first: sends what is pending, or fetches what is new, when the browser
 * wakes the worker for that. Open pages and the worker have the same store; one of them syncs at a time. When a try
 * fails, the browser hears of it and wakes the worker again later.
 *
 * @example
 * onBackgroundSync({ createClient: () => createClient(clientOptions) });
 * @param options.createClient opens the same client as in the page, with a token that the worker can get at. It may give
 * undefined when nobody is signed in.
 */
export function onBackgroundSync(options: { readonly createClient: () => Promise<SyncingClient | undefined> }): void {
  let last = Promise.resolve();
  /** The run that has not begun yet: one that has may be past what the next wake is for. */
  let next: Promise<void> | undefined;
  const listen = (type: string, wanted: (client: SyncingClient) => boolean) =>
    addEventListener(type, (event) => {
      const { tag } = event as SyncEvent;
      if (tag !== syncTag) return;
      const begin = () => {
        next = undefined;
        return syncOnce(options.createClient, wanted);
      };
      next ??= last = last.then(begin, begin);
      (event as SyncEvent).waitUntil(next);
    });
  // A page may have been quicker.
  listen('sync', (client) => client.status.get().pending > 0);
  listen('periodicsync', () => true);
}

async function syncOnce(
  createClient: () => Promise<SyncingClient | undefined>,
  wanted: (client: SyncingClient) => boolean,
): Promise<void> {
  const client = await createClient();
  if (!client) return;
  try {
    if (wanted(client)) await client.sync();
  } finally {
    await client.close();
  }
}
