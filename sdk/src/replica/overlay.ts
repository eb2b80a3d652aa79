import * as z from 'zod/mini';
import type { LogEntry } from '../log/entry.ts';
import type { Model } from '../model/index.ts';
import type { OptimisticEffects, OptimisticReplica } from './optimistic.ts';
import type { PlainRow } from './query.ts';

/** Rows by collection and id; null: the row is gone. */
type Layer = Map<string, Map<string, PlainRow | null>>;
/** Names rows: ids by collection. */
export type RowIds = Map<string, Set<string>>;

/** Reads a base row: null when there is none, undefined while it is not in memory. */
export type BaseRow = (collection: string, id: string) => PlainRow | null | undefined;

type Effect = (replica: OptimisticReplica, args: unknown, meta: { key: string; at: string }) => unknown;

/** What the mutations that are not in the base yet do to it. */
export class Overlay {
  readonly #model: Model;
  readonly #effects: Readonly<Record<string, Effect | undefined>>;
  readonly #base: BaseRow;
  readonly #failed: (error: unknown) => void;
  /** Keys of mutations whose effect threw: each is reported once. */
  readonly #reported = new Set<string>();
  /** By the arguments as the log has them, which stay the same object while their entry changes. */
  readonly #parsed = new WeakMap<object, unknown>();
  #layer: Layer = new Map();
  /** The mutations that the layer stands for. */
  #keys: readonly string[] = [];
  /** The base rows that effects have read. */
  #read: RowIds = new Map();

  constructor(model: Model, effects: OptimisticEffects<Model>, base: BaseRow, failed: (error: unknown) => void) {
    this.#model = model;
    this.#effects = effects as Readonly<Record<string, Effect | undefined>>;
    this.#base = base;
    this.#failed = failed;
  }

  /** What differs from the base in a collection. */
  rows(collection: string): ReadonlyMap<string, PlainRow | null> | undefined {
    return this.#layer.get(collection);
  }

  /** The base rows that the layer was made from. */
  get read(): RowIds {
    return this.#read;
  }

  /**
   * Runs the effects of `entries`, in order: only those of new ones at the end, unless the base has changed or others
   * have gone. When one of them asks for a base row that is not in memory, nothing changes and such rows come back:
   * load them and call again.
   *
   * @returns the rows that may stand otherwise, or those that are missing.
   */
  replay(entries: readonly LogEntry[], baseChanged: boolean): { touched: RowIds } | { missing: RowIds } {
    const keys = entries.map(({ key }) => key);
    const afresh = baseChanged || this.#keys.some((key, at) => key !== keys[at]);
    const before: Layer = afresh ? new Map() : this.#layer;
    const run = new Run(before, this.#base, this.#model);
    for (const entry of afresh ? entries : entries.slice(this.#keys.length)) this.#effect(run, entry);
    if (run.missing.size > 0) return { missing: run.missing };

    const touched = idsOf(run.layer);
    if (afresh) {
      addAll(touched, idsOf(this.#layer));
      this.#layer = run.layer;
      this.#read = run.read;
    } else {
      for (const [collection, rows] of run.layer) for (const [id, row] of rows) put(this.#layer, collection, id, row);
      addAll(this.#read, run.read);
    }
    this.#keys = keys;
    return { touched };
  }

  #effect(run: Run, entry: LogEntry): void {
    const effect = this.#effects[entry.name];
    if (!effect) return;
    try {
      run.attempt((replica) => {
        const given = effect(replica, this.#argsOf(entry), { key: entry.key, at: entry.at });
        if (!isThenable(given)) return;
        // What becomes of it is of no use: what it would still do comes too late.
        given.then(undefined, () => {});
        throw new TypeError(`The optimistic effect of ${entry.name} must be synchronous, and gave a promise`);
      });
    } catch (error) {
      // It may have thrown only because a row was not in memory yet: then it runs again.
      if (run.missing.size > 0 || this.#reported.has(entry.key)) return;
      this.#reported.add(entry.key);
      this.#failed(error);
    }
  }

  /** Parsed once: the log keeps arguments as the app gave them. Throws when they no longer fit the model. */
  #argsOf({ name, args }: LogEntry): unknown {
    const schema = this.#model.mutations[name]?.args;
    if (!schema) throw new TypeError(`The model has no mutation ${name}`);
    if (typeof args !== 'object' || args === null) return z.parse(schema, args);
    if (!this.#parsed.has(args)) this.#parsed.set(args, z.parse(schema, args));
    return this.#parsed.get(args);
  }
}

/** One run of effects, on top of what `before` shows; nothing outside of it changes. */
class Run {
  readonly layer: Layer = new Map();
  readonly missing: RowIds = new Map();
  readonly read: RowIds = new Map();
  readonly #before: Layer;
  readonly #base: BaseRow;
  readonly #model: Model;

  constructor(before: Layer, base: BaseRow, model: Model) {
    this.#before = before;
    this.#base = base;
    this.#model = model;
  }

  /** Runs one effect: all of it counts, or nothing when it throws. */
  attempt(effect: (replica: OptimisticReplica) => void): void {
    const own: Layer = new Map();
    effect(this.#replica(own));
    for (const [collection, rows] of own) for (const [id, row] of rows) put(this.layer, collection, id, row);
  }

  #replica(own: Layer): OptimisticReplica {
    const read = (collection: string, id: string): PlainRow | undefined => {
      for (const layer of [own, this.layer, this.#before]) {
        const rows = layer.get(collection);
        if (rows?.has(id)) return rows.get(id) ?? undefined;
      }
      const row = this.#base(collection, id);
      add(row === undefined ? this.missing : this.read, collection, id);
      return row ?? undefined;
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
}

function isThenable(given: unknown): given is PromiseLike<unknown> {
  return typeof (given as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

function put(layer: Layer, collection: string, id: string, row: PlainRow | null): void {
  const rows = layer.get(collection) ?? new Map<string, PlainRow | null>();
  layer.set(collection, rows.set(id, row));
}

/** Names one more row. */
export function add(ids: RowIds, collection: string, id: string): void {
  const those = ids.get(collection) ?? new Set();
  ids.set(collection, those.add(id));
}

/** Names all of `more` too. */
export function addAll(ids: RowIds, more: RowIds): void {
  for (const [collection, those] of more) for (const id of those) add(ids, collection, id);
}

function idsOf(layer: Layer): RowIds {
  return new Map([...layer].map(([collection, rows]) => [collection, new Set(rows.keys())]));
}
