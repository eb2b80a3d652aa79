import { type Actor, storeNameOf } from './client-options.ts';
import { defaultPlatform, type Platform } from './platform.ts';
import { forgetMarkers } from './safekeeping.ts';
import type { StoreFactory } from './store/store.ts';

/**
 * Deletes what this device has of a person, also what was never sent: for a store that cannot be read
 * (StoreBrokenError). Close its client first. `exportStore` saves what can still be read.
 *
 * @throws whatever the store throws when not even deleting works.
 */
export async function destroyStore(options: {
  readonly actor: Actor;
  /** The same as for `createClient`. */
  readonly store: StoreFactory;
  readonly platform?: Partial<Platform> | undefined;
}): Promise<void> {
  const { store } = options;
  const name = storeNameOf(options.actor);
  if (store.destroy) await store.destroy(name);
  else await (await store(name)).destroy();
  await forgetMarkers({ ...defaultPlatform(), ...options.platform }, name);
}
