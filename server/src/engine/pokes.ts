import { mayRead, type ReadableScope } from './actor.ts';
import type { Moved } from './publish.ts';

/** Told which scopes moved; each call replaces what it was told before. */
export type PokeListener = (moved: Moved) => void;

/** Hands hints that scopes moved to the event streams of this node. A lost hint loses nothing. */
export class Pokes {
  readonly #listeners = new Map<string, Set<{ readable: readonly ReadableScope[]; listener: PokeListener }>>();
  readonly #onSubscribed = new Set<() => void>();

  readonly #onMoved: (tenant: string, moved: Moved) => void;
  #told = 0;

  /** @param onMoved told of every poke, whether or not somebody listens */
  constructor(onMoved: (tenant: string, moved: Moved) => void = () => {}) {
    this.#onMoved = onMoved;
  }

  /** Pokes handed to streams since the start. */
  get told(): number {
    return this.#told;
  }

  /** The tenants that somebody listens for. */
  get tenants(): readonly string[] {
    return [...this.#listeners.keys()];
  }

  /** Calls `listener` whenever somebody begins to listen; returns what ends it. */
  onSubscribed(listener: () => void): () => void {
    this.#onSubscribed.add(listener);
    return () => void this.#onSubscribed.delete(listener);
  }

  /** Listens for a tenant's scopes that `readable` admits; returns what ends it. */
  subscribe(tenant: string, readable: readonly ReadableScope[], listener: PokeListener): () => void {
    const of = this.#listeners.get(tenant) ?? new Set();
    this.#listeners.set(tenant, of);
    const entry = { readable, listener };
    of.add(entry);
    for (const told of this.#onSubscribed) told();
    return () => {
      of.delete(entry);
      if (of.size === 0 && this.#listeners.get(tenant) === of) this.#listeners.delete(tenant);
    };
  }

  publish(tenant: string, moved: Moved): void {
    if (moved.size === 0) return;
    this.#onMoved(tenant, moved);
    for (const { readable, listener } of this.#listeners.get(tenant) ?? []) {
      const seen = new Map([...moved].filter(([scope]) => mayRead(readable, scope)));
      if (seen.size === 0) continue;
      this.#told++;
      listener(seen);
    }
  }
}
