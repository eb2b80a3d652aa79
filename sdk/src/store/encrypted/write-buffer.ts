import { compareKeys, inRange } from '../keys.ts';
import type { Key, Range, Table } from '../store.ts';
import { placeOf } from './sealed.ts';

/** What a transaction has written: JSON, or null for what it has deleted. */
export interface Write {
  readonly table: Table;
  readonly key: Key;
  readonly json: string | null;
}

/** Everything that a transaction has written, one write for each key; nothing of it is on disk yet. */
export class WriteBuffer {
  readonly #writes = new Map<string, Write>();
  readonly #cleared = new Set<Table>();

  get isEmpty(): boolean {
    return this.#writes.size + this.#cleared.size === 0;
  }

  get writes(): readonly Write[] {
    return [...this.#writes.values()];
  }

  get cleared(): readonly Table[] {
    return [...this.#cleared];
  }

  put(table: Table, key: Key, value: unknown): void {
    // Not what the types say: a function has no JSON.
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) throw new TypeError(`What is put into ${table} must be plain data`);
    this.#writes.set(placeOf(table, key), { table, key, json });
  }

  delete(table: Table, key: Key): void {
    this.#writes.set(placeOf(table, key), { table, key, json: null });
  }

  clear(table: Table): void {
    for (const [place, write] of this.#writes) if (write.table === table) this.#writes.delete(place);
    this.#cleared.add(table);
  }

  /** What is known of a key here; undefined when the disk must be asked. */
  get(table: Table, key: Key): Pick<Write, 'json'> | undefined {
    return this.#writes.get(placeOf(table, key)) ?? (this.#cleared.has(table) ? { json: null } : undefined);
  }

  /** What was written in a range, in its order. */
  list(table: Table, range: Exclude<Range, { readonly index: unknown }>): readonly Write[] {
    return this.writes
      .filter((write) => write.table === table && inRange(write.key, range))
      .sort((left, right) => compareKeys(left.key, right.key));
  }
}
