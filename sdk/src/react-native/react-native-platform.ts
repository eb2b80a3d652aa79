import type { Platform } from '../platform.ts';

/** What the app hands over, as the packages export it: the SDK depends on none of them. */
export interface ReactNativeParts {
  /** The default export of `@react-native-community/netinfo`. */
  readonly NetInfo: {
    /** Returns unsubscribe. */
    addEventListener(listener: (state: { isConnected: boolean | null; type: string }) => void): () => void;
  };
  /** Of `react-native`. */
  readonly AppState: {
    readonly currentState: string;
    /** Returns what ends it. */
    addEventListener(
      type: 'change',
      listener: (state: string) => void,
    ): {
      /** Ends it. */
      remove(): void;
    };
  };
  /**
   * One whose answers can be read while they come: the `fetch` of `expo/fetch`. Then the client listens to the server's
   * pokes. Absent: React Native's own, and the client asks by the clock.
   */
  readonly fetch?: Platform['fetch'];
  /** Of `expo-crypto`. Absent: `crypto.getRandomValues`, which React Native itself has not. */
  readonly getRandomBytes?: (length: number) => Uint8Array;
  /**
   * A few short texts that outlive the store: the default export of `expo-sqlite/kv-store` or of
   * `@react-native-async-storage/async-storage`. With it a store that was cleared, or replaced by a fresh one, is told from
   * a new one (`status.storeLost`). Absent: it cannot be told.
   */
  readonly storage?: {
    /** Null: there is none of that name. */
    getItem(name: string): Promise<string | null> | string | null;
    setItem(name: string, value: string): Promise<void> | void;
    removeItem(name: string): Promise<void> | void;
  };
}

/**
 * What a client needs to know of a phone, for `createClient`'s `platform`.
 *
 * @example
 * // From @react-native-community/netinfo, react-native, expo/fetch, expo-crypto and expo-sqlite/kv-store:
 * const platform = reactNativePlatform({ NetInfo, AppState, fetch, getRandomBytes, storage });
 */
export function reactNativePlatform(parts: ReactNativeParts): Partial<Platform> {
  const { NetInfo, AppState, fetch, getRandomBytes, storage } = parts;
  let offline = false;
  const listeners = new Set<unknown>();
  return {
    online: () => !offline,
    visible: () => AppState.currentState === 'active',
    onEvent: (listener) => {
      listeners.add(listener);
      let before: string | undefined;
      // It tells how things are soon after, and then every change.
      const stopListening = NetInfo.addEventListener(({ isConnected, type }) => {
        offline = isConnected === false;
        // From Wi-Fi to the mobile network is a new line as well.
        const line = offline ? 'none' : type;
        if (line !== before && (before !== undefined || offline)) listener(offline ? 'offline' : 'online');
        before = line;
      });
      const subscription = AppState.addEventListener('change', (state) => {
        if (state === 'active') listener('visible');
      });
      return () => {
        stopListening();
        subscription.remove();
        listeners.delete(listener);
        // Nobody tells any more when that changes.
        if (listeners.size === 0) offline = false;
      };
    },
    ...(fetch && { fetch: (url, init) => fetch(url, init), streams: true, pokes: true }),
    ...(getRandomBytes && { randomBytes: getRandomBytes }),
    ...(storage && {
      marker: {
        get: (name) => storage.getItem(name),
        set: (name, value) => (value === null ? storage.removeItem(name) : storage.setItem(name, value)),
      },
    }),
  };
}
