import type { SqliteDriver } from './driver.ts';
import { asStoreError } from './sqlite-errors.ts';

/** One file and the one connection to it, shared by all stores of this name: what they ask is done one after the other. */
export class SqliteFile {
  readonly #name: string;
  readonly #open: () => Promise<SqliteDriver>;
  #driver: SqliteDriver | undefined;
  #users = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, open: () => Promise<SqliteDriver>) {
    this.#name = name;
    this.#open = open;
  }

  /** Opens the connection for the first who comes. */
  acquire(): Promise<void> {
    return this.#next(async () => {
      this.#driver ??= await this.#open();
      this.#users += 1;
    });
  }

  /** Closes it behind the last who goes. */
  release(): Promise<void> {
    return this.#next(async () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      const driver = this.#driver;
      this.#driver = undefined;
      await driver?.close();
    });
  }

  /** Runs `work` alone; only for those who have acquired and not yet released. */
  use<T>(work: (driver: SqliteDriver) => Promise<T>): Promise<T> {
    return this.#next(() => {
      if (!this.#driver) throw new TypeError('The file is closed');
      return work(this.#driver);
    });
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work).catch((error: unknown) => {
      throw asStoreError(error, this.#name);
    });
    this.#last = result.catch(() => {});
    return result;
  }
}
