import { ClosedError } from '../../errors.ts';
import type { Key, Mode, Range, Store, StoreFactory, Table, Transaction } from '../store.ts';

type Rows = Map<string, { readonly key: Key; readonly value: unknown }>;

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
        [...rowsOf(table).values()]
          .filter(({ key }) => inRange(key, range))
          .sort((left, right) => compareKeys(left.key, right.key))
          .slice(0, limit)
          .map(({ value }) => structuredClone(value)),
      put: async (table, key, value) => write(table, key, { value }),
      delete: async (table, key) => write(table, key, null),
    });
  } catch (error) {
    for (const takeBack of undo.reverse()) takeBack();
    throw error;
  } finally {
    open = false;
  }
}

function inRange(key: Key, range: Range = {}): boolean {
  if ('first' in range) return Array.isArray(key) && key[0] === range.first;
  const { from, to } = range;
  return (from === undefined || compareKeys(key, from) >= 0) && (to === undefined || compareKeys(key, to) <= 0);
}

/** Keys of one table are all of one kind. */
function compareKeys(left: Key, right: Key): number {
  if (typeof left === 'object' && typeof right === 'object') {
    return compareKeys(left[0], right[0]) || compareKeys(left[1], right[1]);
  }
  return left < right ? -1 : left > right ? 1 : 0;
}
