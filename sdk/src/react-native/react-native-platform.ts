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
}

/**
 * What a client needs to know of a phone, for `createClient`'s `platform`.
 *
 * @example
 * // From @react-native-community/netinfo, react-native, expo/fetch and expo-crypto:
 * const platform = reactNativePlatform({ NetInfo, AppState, fetch, getRandomBytes });
 */
export function reactNativePlatform(parts: ReactNativeParts): Partial<Platform> {
  const { NetInfo, AppState, fetch, getRandomBytes } = parts;
  let offline = false;
  return {
    online: () => !offline,
    visible: () => AppState.currentState === 'active',
    onEvent: (listener) => {
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
        // Nobody tells any more when that changes.
        offline = false;
      };
    },
    ...(fetch && { fetch: (url, init) => fetch(url, init), streams: true, pokes: true }),
    ...(getRandomBytes && { randomBytes: getRandomBytes }),
  };
}
