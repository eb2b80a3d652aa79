import { ClosedError } from '../../errors.ts';
import { compareKeys, inRange, isBetween } from '../keys.ts';
import type { Indexed, Key, Mode, Range, Store, StoreFactory, Table, Transaction } from '../store.ts';

interface Item {
  readonly key: Key;
  readonly value: unknown;
}

type Rows = Map<string, Item>;

/** What one name holds, however many clients have it open. */
interface Shared {
  readonly tables: Record<Table, Rows>;
  /** The end of the last transaction: they run one after the other. */
  last: Promise<unknown>;
}

/**
 * Makes stores in memory, for Node and for tests. Whoever opens the same name through the same factory
 * shares its data, also after a close: so a test can restart a client.
 *
 * @param options.shared true: clients on the same store behave like tabs of a browser (through the platform's
 * `lock` and `channel`). Default: each believes itself alone.
 */
export function memoryStore(options: { shared?: boolean } = {}): StoreFactory {
  const names = new Map<string, Shared>();
  return async (name) => {
    const shared = names.get(name) ?? {
      tables: { log: new Map(), rows: new Map(), meta: new Map() },
      last: Promise.resolve(),
    };
    names.set(name, shared);
    return new MemoryStore(shared, options.shared ? name : undefined);
  };
}

class MemoryStore implements Store {
  readonly indexes = true;
  readonly sharedAs: string | undefined;
  readonly #shared: Shared;
  #closed = false;

  constructor(shared: Shared, sharedAs: string | undefined) {
    this.#shared = shared;
    this.sharedAs = sharedAs;
  }

  async transaction<T>(tables: readonly Table[], mode: Mode, body: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) throw new ClosedError();
    const result = this.#shared.last.then(() => run(this.#shared.tables, tables, mode, body));
    this.#shared.last = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#shared.last;
  }

  async destroy(): Promise<void> {
    await this.close();
    for (const rows of Object.values(this.#shared.tables)) rows.clear();
  }
}

async function run<T>(
  all: Record<Table, Rows>,
  tables: readonly Table[],
  mode: Mode,
  body: (tx: Transaction) => Promise<T>,
): Promise<T> {
  // How to take each write back, newest last.
  const undo: (() => void)[] = [];
  let open = true;
  const rowsOf = (table: Table): Rows => {
    if (!open) throw new TypeError('The transaction is over');
    if (!tables.includes(table)) throw new TypeError(`The transaction was not opened on ${table}`);
    return all[table];
  };
  const write = (table: Table, key: Key, value: { value: unknown } | null): void => {
    const rows = rowsOf(table);
    if (mode === 'read') throw new TypeError('The transaction was opened for reading');
    const at = JSON.stringify(key);
    const before = rows.get(at);
    undo.push(() => (before ? rows.set(at, before) : rows.delete(at)));
    if (value) rows.set(at, { key, value: structuredClone(value.value) });
    else rows.delete(at);
  };
  try {
    return await body({
      get: async (table, key) => structuredClone(rowsOf(table).get(JSON.stringify(key))?.value),
      list: async (table, range, limit) =>
        select([...rowsOf(table).values()], range)
          .slice(0, limit)
          .map(({ value }) => structuredClone(value)),
      put: async (table, key, value) => write(table, key, { value }),
      delete: async (table, key) => write(table, key, null),
      clear: async (table) => {
        for (const { key } of [...rowsOf(table).values()]) write(table, key, null);
      },
    });
  } catch (error) {
    for (const takeBack of undo.reverse()) takeBack();
    throw error;
  } finally {
    open = false;
  }
}

function select(items: readonly Item[], range: Range = {}): readonly Item[] {
  if ('index' in range) return selectByIndex(items, range);
  return items.filter(({ key }) => inRange(key, range)).sort((left, right) => compareKeys(left.key, right.key));
}

function selectByIndex(
  items: readonly Item[],
  { index: [collection, field], desc = false, ...bounds }: Extract<Range, { readonly index: unknown }>,
): readonly Item[] {
  const found = items.flatMap((item) =>
    ((item.value as Indexed).index ?? [])
      .filter((entry) => entry[0] === collection && entry[1] === field && isBetween(entry[2], bounds))
      .map(([, , value]) => ({ item, value })),
  );
  found.sort((left, right) => compareKeys(left.value, right.value) || compareKeys(left.item.key, right.item.key));
  if (desc) found.reverse();
  return found.map(({ item }) => item);
}
