import * as z from 'zod/mini';
import type { LogEntry } from '../log/entry.ts';
import type { Model } from '../model/index.ts';
import type { OptimisticEffects, OptimisticReplica } from './optimistic.ts';
import type { PlainRow } from './query.ts';

/** Rows by collection and id; null: the row is gone. */
type Layer = Map<string, Map<string, PlainRow | null>>;

/** Reads the base rows of a collection; undefined while they are not in memory. */
export type BaseRows = (collection: string) => ReadonlyMap<string, PlainRow> | undefined;

type Effect = (replica: OptimisticReplica, args: unknown, meta: { key: string; at: string }) => void;

/** What the mutations that are not in the base yet do to it. */
export class Overlay {
  readonly #model: Model;
  readonly #effects: Readonly<Record<string, Effect | undefined>>;
  readonly #base: BaseRows;
  readonly #failed: (error: unknown) => void;
  /** Keys of mutations whose effect threw: each is reported once. */
  readonly #reported = new Set<string>();
  readonly #parsed = new WeakMap<LogEntry, unknown>();
  #layer: Layer = new Map();

  constructor(model: Model, effects: OptimisticEffects<Model>, base: BaseRows, failed: (error: unknown) => void) {
    this.#model = model;
    this.#effects = effects as Readonly<Record<string, Effect | undefined>>;
    this.#base = base;
    this.#failed = failed;
  }

  /** What differs from the base in a collection. */
  rows(collection: string): ReadonlyMap<string, PlainRow | null> | undefined {
    return this.#layer.get(collection);
  }

  /**
   * Runs the effects of `entries` afresh, in order. When one of them asks for a collection that is not in memory,
   * nothing changes and the names of such collections come back: load them and call again.
   *
   * @returns the collections whose overlay may have changed, or those that are missing.
   */
  replay(entries: readonly LogEntry[]): { touched: ReadonlySet<string> } | { missing: ReadonlySet<string> } {
    const layer: Layer = new Map();
    const missing = new Set<string>();
    for (const entry of entries) {
      const effect = this.#effects[entry.name];
      if (effect) this.#run(effect, entry, layer, missing);
    }
    if (missing.size > 0) return { missing };
    const touched = new Set([...this.#layer.keys(), ...layer.keys()]);
    this.#layer = layer;
    return { touched };
  }

  #run(effect: Effect, entry: LogEntry, layer: Layer, missing: Set<string>): void {
    const own: Layer = new Map();
    try {
      effect(this.#replica(own, layer, missing), this.#argsOf(entry), { key: entry.key, at: entry.at });
    } catch (error) {
      // It may have thrown only because a row was not in memory yet: then it runs again.
      if (missing.size === 0 && !this.#reported.has(entry.key)) {
        this.#reported.add(entry.key);
        this.#failed(error);
      }
      return;
    }
    for (const [collection, rows] of own) for (const [id, row] of rows) put(layer, collection, id, row);
  }

  #replica(own: Layer, layer: Layer, missing: Set<string>): OptimisticReplica {
    const read = (collection: string, id: string): PlainRow | undefined => {
      for (const changed of [own.get(collection), layer.get(collection)]) {
        if (changed?.has(id)) return changed.get(id) ?? undefined;
      }
      const base = this.#base(collection);
      if (!base) missing.add(collection);
      return base?.get(id);
    };
    return {
      get: (collection, id) => {
        const row = read(collection, id);
        // A copy: changing it in place must not change what the server said.
        return row && { ...row };
      },
      put: (collection, row) => put(own, collection, this.#keyOf(collection, row), { ...row }),
      update: (collection, id, fields) => {
        const row = read(collection, id);
        if (row) put(own, collection, id, { ...row, ...fields });
      },
      delete: (collection, id) => put(own, collection, id, null),
    };
  }

  #keyOf(collection: string, row: PlainRow): string {
    const key = this.#model.collections[collection]?.key;
    const id = key === undefined ? undefined : row[key];
    if (typeof id !== 'string') throw new TypeError(`put: a row of ${collection} needs its key ${key} as a string`);
    return id;
  }

  /** Parsed once: the log keeps arguments as the app gave them. Throws when they no longer fit the model. */
  #argsOf(entry: LogEntry): unknown {
    const schema = this.#model.mutations[entry.name]?.args;
    if (!schema) throw new TypeError(`The model has no mutation ${entry.name}`);
    if (!this.#parsed.has(entry)) this.#parsed.set(entry, z.parse(schema, entry.args));
    return this.#parsed.get(entry);
  }
}

function put(layer: Layer, collection: string, id: string, row: PlainRow | null): void {
  const rows = layer.get(collection) ?? new Map<string, PlainRow | null>();
  layer.set(collection, rows.set(id, row));
}
