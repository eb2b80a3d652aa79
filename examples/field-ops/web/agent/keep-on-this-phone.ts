/** Only of a build: a server for development has no service worker. */
const keeps = import.meta.env.PROD && 'serviceWorker' in navigator;

/**
 * Lets the app open without a network, and asks the browser not to clear what it saved when space runs low.
 * Both are best effort: without them the app still works, with a network. A new version is taken up the next time the
 * app is opened; the page in use goes on with all it has loaded and is never reloaded.
 */
export async function keepOnThisPhone(): Promise<void> {
  if (keeps) {
    await navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => undefined);
  }
  // Both are absent where the page is not served securely.
  if ('storage' in navigator) await navigator.storage.persist().catch(() => undefined);
}

/** Whether this page came from the phone, or comes from there the next time. */
export function isOnThisPhone(): boolean {
  return !keeps || navigator.serviceWorker.controller !== null;
}

/** Resolves when the service worker has all files of the app. */
export async function comesOnThisPhone(): Promise<void> {
  if (keeps) await navigator.serviceWorker.ready;
}
