import type { Changes } from './changes.ts';
import type { ReadChanges } from './delta.ts';
import type { Head } from './heads.ts';
import type { Start } from './traversal.ts';

/** How long a page is shared: as long as those come that one poke has woken. */
const sharedMs = 1000;
const mostPages = 256;
const mostBytes = 32 * 1024 * 1024;

interface Page {
  readonly changes: Promise<Changes>;
  readonly readAt: number;
  bytes: number;
}

/**
 * Pages of changes that many readers want at once: a poke wakes all consoles of a region, which ask for the same lines
 * from the same place. Each has read the scopes' heads in its own snapshot, and the heads are part of the key: a page of
 * other versions, of a restored database or of other scopes is never mistaken for it. Only for snapshots in which no write
 * of the tenant waits for its version: then the heads say which rows they hold.
 */
export class SharedChanges {
  readonly #monotonic: () => number;
  /** Oldest first. */
  readonly #pages = new Map<string, Page>();
  #bytes = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  readonly take: ReadChanges = async ({ history, heads, starts, limit, read }) => {
    if (starts.length === 0) return read();
    const key = keyOf(history, heads, starts, limit);
    const now = this.#monotonic();
    this.#forget(now);
    const shared = this.#pages.get(key);
    if (shared !== undefined) {
      // What broke for another reader may work on this one's connection.
      const changes = await shared.changes.catch(() => undefined);
      if (changes !== undefined) return changes;
    }
    const page: Page = { changes: read(), readAt: now, bytes: 0 };
    this.#drop(key);
    this.#pages.set(key, page);
    try {
      const changes = await page.changes;
      if (this.#pages.get(key) === page) this.#bytes += page.bytes = changes.json.length + key.length;
      return changes;
    } catch (error) {
      if (this.#pages.get(key) === page) this.#drop(key);
      throw error;
    }
  };

  #forget(now: number): void {
    for (const [key, { readAt }] of this.#pages) {
      if (now - readAt < sharedMs && this.#pages.size < mostPages && this.#bytes < mostBytes) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#pages.get(key)?.bytes ?? 0;
    this.#pages.delete(key);
  }
}

function keyOf(history: string, heads: readonly Head[], starts: readonly Start[], limit: number): string {
  const byScope = new Map(heads.map((head) => [head.scope, head]));
  const wanted = starts.map(({ scope, version, collection, id, began }) => {
    const head = byScope.get(scope);
    return [scope, version, collection, id, began, head?.version, head?.checksum];
  });
  return JSON.stringify([history, limit, wanted]);
}
