import type { Key, Mode, Range, Table, Transaction } from '../store.ts';
import type { SqliteDriver, SqliteValue } from './driver.ts';
import { columnsOf, getMany, listOf } from './statements.ts';
import { WriteBuffer } from './write-buffer.ts';

/** Runs `body` in one SQLite transaction: everything it has written is committed, or nothing is. */
export async function transact<T>(
  driver: SqliteDriver,
  tables: readonly Table[],
  mode: Mode,
  body: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const tx = new SqliteTransaction(driver, tables, mode);
  try {
    // Taken at once, so that no other connection can have written between what is read and what is written.
    await driver.run(mode === 'read' ? 'BEGIN' : 'BEGIN IMMEDIATE', []);
    const result = await body(tx);
    await tx.finish();
    await driver.run('COMMIT', []);
    return result;
  } catch (error) {
    await tx.abandon();
    // SQLite may have rolled back by itself, and says so.
    await driver.run('ROLLBACK', []).catch(() => {});
    throw error;
  }
}

/** A few keys whose values are asked for by one statement. */
interface Question {
  readonly keys: (readonly [Table, ...SqliteValue[]])[];
  readonly values: Promise<readonly unknown[]>;
}

class SqliteTransaction implements Transaction {
  readonly #driver: SqliteDriver;
  readonly #tables: readonly Table[];
  readonly #mode: Mode;
  #writes = new WriteBuffer();
  /** The question that can still be added to. */
  #question: Question | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #over = false;

  constructor(driver: SqliteDriver, tables: readonly Table[], mode: Mode) {
    this.#driver = driver;
    this.#tables = tables;
    this.#mode = mode;
  }

  async get(table: Table, key: Key): Promise<unknown> {
    this.#check(table);
    const written = this.#writes.get(table, key);
    if (written !== undefined) return written === null ? undefined : JSON.parse(written);
    this.#question ??= this.#ask();
    const { keys, values } = this.#question;
    const place = keys.push([table, ...columnsOf(key)]) - 1;
    return (await values)[place];
  }

  async list(table: Table, range?: Range, limit?: number): Promise<unknown[]> {
    this.#check(table);
    const { sql, params } = listOf(table, range, limit);
    const writes = this.#takeWrites();
    const rows = await this.#next(async () => {
      await writes.write(this.#driver);
      return this.#driver.all(sql, params);
    });
    return JSON.parse(`[${rows.map(({ value }) => value as string).join()}]`) as unknown[];
  }

  async put(table: Table, key: Key, value: unknown): Promise<void> {
    this.#checkWrite(table);
    this.#writes.put(table, key, value);
    if (this.#writes.isFull) await this.#write();
  }

  async delete(table: Table, key: Key): Promise<void> {
    this.#checkWrite(table);
    this.#writes.delete(table, key);
  }

  async clear(table: Table): Promise<void> {
    this.#checkWrite(table);
    this.#writes.forget(table);
    await this.#next(async () => {
      await this.#driver.run(`DELETE FROM ${table}`, []);
      if (table === 'rows') await this.#driver.run('DELETE FROM row_index', []);
    });
  }

  /** Waits for everything that was asked, and writes what is left. */
  async finish(): Promise<void> {
    const written = this.#write();
    await this.abandon();
    await written;
  }

  /** Nothing more is done; resolves when nothing is under way. */
  async abandon(): Promise<void> {
    this.#over = true;
    await this.#last;
  }

  #check(table: Table): void {
    if (this.#over) throw new TypeError('The transaction is over');
    if (!this.#tables.includes(table)) throw new TypeError(`The transaction was not opened on ${table}`);
  }

  #checkWrite(table: Table): void {
    this.#check(table);
    if (this.#mode === 'read') throw new TypeError('The transaction was opened for reading');
  }

  #ask(): Question {
    const keys: Question['keys'] = [];
    return {
      keys,
      values: this.#next(async () => {
        this.#question = undefined;
        const values: unknown[] = [];
        for (const table of this.#tables) {
          const wanted = keys.flatMap(([of, ...columns], place) => (of === table ? [[place, ...columns]] : []));
          if (wanted.length === 0) continue;
          const rows = await this.#driver.all(getMany(table), [JSON.stringify(wanted)]);
          for (const { place, value } of rows) values[place as number] = JSON.parse(value as string);
        }
        return values;
      }),
    };
  }

  #write(): Promise<void> {
    const writes = this.#takeWrites();
    return this.#next(() => writes.write(this.#driver));
  }

  #takeWrites(): WriteBuffer {
    const writes = this.#writes;
    this.#writes = new WriteBuffer();
    return writes;
  }

  /** One statement after the other, and none once one has failed. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    // What is asked from now on may depend on this.
    this.#question = undefined;
    const result = this.#last.then(() => {
      if (this.#failure) throw this.#failure.error;
      return work();
    });
    this.#last = result.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    return result;
  }
}
