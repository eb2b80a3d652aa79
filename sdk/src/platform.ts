/** Something that happened around the client and may be a reason to sync. */
export type PlatformEvent = 'online' | 'offline' | 'visible';

/** A line to the other tabs of the same origin. */
export interface Channel {
  /** Tells all others; what is told is plain data. */
  post(message: unknown): void;
  /** Nothing is heard from then on. */
  close(): void;
}

/** A few short texts that are kept outside of the store, and survive it. Both may be asynchronous. */
export interface Marker {
  /** What is kept under that name; null: nothing. */
  get(name: string): Promise<string | null> | string | null;
  /** Keeps a text, or deletes it. @param value null: deletes it */
  set(name: string, value: string | null): Promise<void> | void;
}

/** What the browser grants of the disk. */
export interface StorageState {
  /** Bytes in use by this origin, and how many it may use; roughly. */
  readonly usage: number | undefined;
  readonly quota: number | undefined;
  /** False: the browser may clear it when the disk gets full. */
  readonly persisted: boolean;
}

/**
 * Everything the SDK takes from its surroundings. The default is the browser's or Node's own;
 * a test or a simulation passes its own clock, timers, randomness and network.
 */
export interface Platform {
  /** Milliseconds since 1970, as the device's clock has it. */
  now(): number;
  /** Calls back once, after `ms` milliseconds. @returns what `clearTimeout` takes */
  setTimeout(callback: () => void, ms: number): unknown;
  /** Ends a timer; does nothing when there is none. */
  clearTimeout(timer: unknown): void;
  /** Idempotency keys are made of these: they must be unpredictable outside of tests. */
  randomBytes(length: number): Uint8Array;
  /** As the web's `fetch`: only POST and GET to the server's own address. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Whether `fetch` gives a response as soon as it begins, with a body that streams. In React Native it does not. */
  streams: boolean;
  /** False only when the device knows that it has no network. */
  online(): boolean;
  /** Whether somebody may be looking. Absent: not known. */
  visible?: (() => boolean) | undefined;
  /** Calls back on each event; returns unsubscribe. */
  onEvent(listener: (event: PlatformEvent) => void): () => void;
  /**
   * Whether to keep a stream open for the server's pokes. True in browsers; false in Node, where an open request would
   * keep the process alive, and where `fetch` does not stream.
   */
  pokes: boolean;
  /**
   * Whether this client syncs by itself, and not only when `sync()` is called. False in service workers, which are there
   * for a moment only.
   */
  leads: boolean;
  /** Compresses a request body; absent: bodies go as they are. */
  gzip?: ((text: string) => Promise<Uint8Array<ArrayBuffer>>) | undefined;
  /**
   * Runs `body` once no other tab holds the lock `name`, and holds it until `body` is done (Web Locks).
   * Absent: this client is the only one.
   */
  lock?: ((name: string, signal: AbortSignal, body: () => Promise<void>) => Promise<void>) | undefined;
  /** What `inspect` says of the disk. Absent: what the browser tells, if this is one. */
  storage?: (() => Promise<StorageState>) | undefined;
  /** Opens a line to the other tabs (BroadcastChannel). Absent: there are none. */
  channel?: ((name: string, listener: (message: unknown) => void) => Channel) | undefined;
  /**
   * Where the SDK remembers that a store was there (localStorage), so that one that was cleared is not taken for a new
   * one. Absent: it cannot be told.
   */
  marker?: Marker | undefined;
  /** Asks that the store is not cleared when the disk runs full. Absent: there is nobody to ask. */
  persist?: (() => Promise<boolean>) | undefined;
}

/** The surroundings this code runs in: a browser's page or worker, React Native, or Node. */
export function defaultPlatform(): Platform {
  // React Native has a process too, but none of Node's.
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  // Node has locks and channels too, but there one process is one client, and an open channel keeps it alive.
  const node = process?.versions?.node !== undefined && typeof document === 'undefined';
  const streams = 'body' in Response.prototype;
  const locks = node ? undefined : globalThis.navigator?.locks;
  return {
    now: () => Date.now(),
    setTimeout: (callback, ms) => {
      const timer: unknown = setTimeout(callback, ms);
      if (node) (timer as { unref(): void }).unref();
      return timer;
    },
    clearTimeout: (timer) => clearTimeout(timer as number),
    randomBytes,
    fetch: (url, init) => fetch(url, init),
    streams,
    online: () => globalThis.navigator?.onLine ?? true,
    onEvent: listenToBrowser,
    visible: () => typeof document === 'undefined' || document.visibilityState === 'visible',
    pokes: !node && streams,
    leads: !('registration' in globalThis),
    gzip: typeof CompressionStream === 'undefined' ? undefined : gzip,
    lock: locks && ((name, signal, body) => locks.request(name, { signal }, body)),
    channel: node || typeof BroadcastChannel === 'undefined' ? undefined : openChannel,
    marker: typeof document === 'undefined' ? undefined : localMarker,
    persist: node ? undefined : persist,
  };
}

function randomBytes(length: number): Uint8Array {
  const source: Partial<Crypto> | undefined = globalThis.crypto;
  if (source?.getRandomValues) return source.getRandomValues(new Uint8Array(length));
  throw new TypeError(
    "There is no crypto.getRandomValues here: give reactNativePlatform expo-crypto's getRandomBytes, " +
      'or import react-native-get-random-values first',
  );
}

function listenToBrowser(listener: (event: PlatformEvent) => void): () => void {
  if (typeof addEventListener === 'undefined') return () => {};
  const abort = new AbortController();
  const { signal } = abort;
  addEventListener('online', () => listener('online'), { signal });
  addEventListener('offline', () => listener('offline'), { signal });
  if (typeof document !== 'undefined') {
    const changed = () => document.visibilityState === 'visible' && listener('visible');
    document.addEventListener('visibilitychange', changed, { signal });
  }
  return () => abort.abort();
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function openChannel(name: string, listener: (message: unknown) => void): Channel {
  const channel = new BroadcastChannel(name);
  channel.addEventListener('message', (event) => listener(event.data));
  return { post: (message) => channel.postMessage(message), close: () => channel.close() };
}

/** Chromium keeps it when it evicts IndexedDB; Safari and Firefox clear both together. */
const localMarker: Marker = {
  get: (name) => localStorage.getItem(name),
  set: (name, value) => (value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value)),
};

async function persist(): Promise<boolean> {
  // Neither is there without TLS, and workers can only look.
  const storage: Partial<StorageManager> | undefined = globalThis.navigator?.storage;
  return ((await storage?.persisted?.()) || (await storage?.persist?.())) ?? false;
}
