import type { Indexed, Key, Table } from '../store.ts';
import type { SqliteDriver, SqliteValue } from './driver.ts';
import { ordered, orderedValue } from './order.ts';
import { columnsOf, deleteMany, putMany } from './statements.ts';

interface Write {
  readonly table: Table;
  readonly columns: readonly SqliteValue[];
  /** JSON; null: the value goes. */
  readonly json: string | null;
  /** `[field, value]` of each place in an index. */
  readonly entries: readonly (readonly [string, string])[];
}

/** From this many characters on a buffer is worth being written: more would only cost memory. */
const fullAt = 1_000_000;

/** What a transaction has written and SQLite has not heard of yet, one write for each key. */
export class WriteBuffer {
  readonly #writes = new Map<string, Write>();
  #size = 0;

  get isFull(): boolean {
    return this.#size >= fullAt;
  }

  put(table: Table, key: Key, value: unknown): void {
    // Not what the types say: a function has no JSON.
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) throw new TypeError(`What is put into ${table} must be plain data`);
    this.#size += json.length;
    this.#set({ table, columns: columnsOf(key), json, entries: table === 'rows' ? entriesOf(key, value) : [] });
  }

  delete(table: Table, key: Key): void {
    this.#set({ table, columns: columnsOf(key), json: null, entries: [] });
  }

  /** What is known of a key here: its JSON, null when it is deleted, undefined when nothing is. */
  get(table: Table, key: Key): string | null | undefined {
    return this.#writes.get(placeOf(table, columnsOf(key)))?.json;
  }

  forget(table: Table): void {
    for (const [place, write] of this.#writes) if (write.table === table) this.#writes.delete(place);
  }

  /** Hands the writes to SQLite. */
  async write(driver: SqliteDriver): Promise<void> {
    for (const table of ['log', 'rows', 'meta'] as const) {
      const writes = [...this.#writes.values()].filter((write) => write.table === table);
      const puts = writes.filter(({ json }) => json !== null);
      const deletes = writes.filter(({ json }) => json === null);
      await runAll(driver, putMany(table), puts);
      await runAll(driver, deleteMany(table), deletes);
    }
  }

  #set(write: Write): void {
    this.#writes.set(placeOf(write.table, write.columns), write);
  }
}

function placeOf(table: Table, columns: readonly SqliteValue[]): string {
  return JSON.stringify([table, ...columns]);
}

function entriesOf(key: Key, value: unknown): (readonly [string, string])[] {
  const { index = [] } = value as Indexed;
  return index.map(([collection, field, indexed]) => {
    if (collection !== (key as readonly string[])[0])
      throw new TypeError(`A row stands in indexes of its collection only`);
    return [ordered(field), orderedValue(indexed)];
  });
}

async function runAll(driver: SqliteDriver, statements: readonly string[], writes: readonly Write[]): Promise<void> {
  if (writes.length === 0) return;
  const elements = JSON.stringify(writes.map(({ columns, json, entries }) => [...columns, json, entries]));
  for (const sql of statements) await driver.run(sql, [elements]);
}
