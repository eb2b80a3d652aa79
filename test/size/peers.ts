import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { gzipped } from './weigh.ts';

/** What an app would take instead, or in part. */
interface Peer {
  readonly name: string;
  /** Its app in the bench. */
  readonly app: string;
  /** What of the same is in it, and what not. */
  readonly has: string;
}

/** The peers of `pnpm bench client`. */
const peers: readonly Peer[] = [
  {
    name: '`dexie`',
    app: 'dexie',
    has: 'IndexedDB with live queries, and nothing of sync: no mutation log, no retries, no optimistic effects',
  },
  {
    name: '`replicache`',
    app: 'replicache',
    has: 'mutations, optimistic effects, live queries, pull and push with retries; does not tell when a mutation is on disk, keeps no receipts, checks no arguments',
  },
  {
    name: '`pouchdb-browser` with `pouchdb-find`',
    app: 'pouchdb',
    has: 'IndexedDB, queries and replication with CouchDB; no mutations: what two people changed are conflicts, for the app to see to',
  },
  {
    name: '`@tanstack/offline-transactions` with `@tanstack/db`',
    app: 'tanstack',
    has: "an outbox with retries, optimistic effects and live queries in memory; stores no rows, and bringing them from the server is the app's own code",
  },
  {
    name: '`@nozbe/watermelondb` with LokiJS',
    app: 'watermelondb',
    has: "models and live queries; its `synchronize` is not counted, and requests and retries are the app's own code",
  },
  {
    name: '`rxdb` with its Dexie storage',
    app: 'rxdb',
    has: 'live queries and schemas; its replication is a plugin and not counted',
  },
];

export interface WeighedPeer extends Peer {
  /** Minified and gzipped. */
  readonly bytes: number;
}

/** Weighs each as our own, without what the bench itself puts around it; the lightest first. */
export async function weighPeers(): Promise<WeighedPeer[]> {
  const weighed: WeighedPeer[] = [];
  for (const peer of peers) {
    const { code } = await bundle(join(import.meta.dirname, `../bench/client/contestants/${peer.app}.ts`), [
      benchLeftOut,
    ]);
    weighed.push({ ...peer, bytes: gzipped(code) });
  }
  return weighed.toSorted((left, right) => left.bytes - right.bytes);
}

/** Takes the place of what measures. */
const benchLeftOut = {
  name: 'bench-left-out',
  load: (id: string) =>
    id.endsWith('/bench-page.ts') ? 'export const offer = (open) => Object.assign(globalThis, { open });' : null,
};
