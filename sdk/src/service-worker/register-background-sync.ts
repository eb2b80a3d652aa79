import type { Status } from '../status.ts';
import { syncTag } from './tag.ts';

const halfADayMs = 12 * 60 * 60 * 1000;

/** What TypeScript's DOM library does not have yet, and Safari and Firefox neither. */
interface WithSync {
  readonly sync?: { register(tag: string): Promise<void> };
  readonly periodicSync?: {
    register(tag: string, options: { minInterval: number }): Promise<void>;
    unregister(tag: string): Promise<void>;
  };
}

/**
 * In a page: asks the browser to wake the service worker when there is a line again, whenever the page may not be there
 * to send what is pending: the device is offline, a try has failed, or nobody looks at the page any more. Where the
 * browser grants it (to installed apps that are used), the worker is also woken now and then to fetch what is new.
 * Where there is no Background Sync, this does nothing: what is pending is sent when the app is opened again.
 *
 * @example
 * const stop = registerBackgroundSync(await navigator.serviceWorker.ready, client);
 * @param options.everyMs how often to fetch what is new at most, in milliseconds. Default: 12 hours.
 * @returns what ends it, for a client that is closed.
 */
export function registerBackgroundSync(
  registration: ServiceWorkerRegistration,
  client: { readonly status: { get(): Status; subscribe(listener: () => void): () => void } },
  options: { readonly everyMs?: number } = {},
): () => void {
  const { sync, periodicSync } = registration as ServiceWorkerRegistration & WithSync;
  // Whoever forbids it (the person, an incognito window) is not asked again and again.
  const forbidden = () => {};
  const hidden = () => document.visibilityState === 'hidden';
  let registered = false;
  const look = () => {
    const { pending, online, lastError } = client.status.get();
    if (pending === 0) registered = false;
    else if (!registered && (!online || lastError || hidden())) {
      registered = true;
      sync?.register(syncTag).catch(forbidden);
    }
  };
  const leave = () => {
    // The browser may have used up what was registered before.
    if (hidden()) registered = false;
    look();
  };
  look();
  periodicSync?.register(syncTag, { minInterval: options.everyMs ?? halfADayMs }).catch(forbidden);
  const stopListening = client.status.subscribe(look);
  document.addEventListener('visibilitychange', leave);
  return () => {
    stopListening();
    document.removeEventListener('visibilitychange', leave);
    periodicSync?.unregister(syncTag).catch(forbidden);
  };
}
