import { accessSync, constants, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sqlite from 'node:sqlite';
import { type SqliteDriver, sqliteStore } from '../../sdk/src/store/sqlite/index.ts';
import { nodeSqlite } from '../../sdk/src/store/sqlite/node.ts';
import type { StoreFactory } from '../../sdk/src/store/store.ts';
import { Dead } from './app-process.ts';
import type { CrashDisk, Death } from './crash-disk.ts';

/**
 * SQLite files. When the power goes, a copy of them as they are at that moment is all that is left: with the journal of a
 * transaction that was under way. (The store has `synchronous=FULL`, so what SQLite says it has committed is flushed.)
 */
export class SqliteDisk implements CrashDisk {
  readonly deaths: readonly Death[] = ['power kept', 'tab'];
  readonly isShared = false;
  readonly turn: () => Promise<void>;
  readonly #directory = mkdtempSync(join(parent(), 'ekbaar-crash-'));
  readonly #open: SqliteDriver[] = [];
  #lives = 0;
  #live: StoreFactory;

  #meet: (place: string) => boolean = () => false;

  constructor(turn: () => Promise<void>) {
    this.turn = turn;
    this.#live = this.#next();
  }

  readonly open: StoreFactory = (name) => this.#live(name);

  die(death: Death): void {
    if (death === 'tab') return;
    const before = this.#path;
    this.#live = this.#next();
    for (const file of readdirSync(before)) {
      // Whoever opens it next makes another one.
      if (!file.endsWith('-shm')) copyFileSync(join(before, file), join(this.#path, file));
    }
  }

  watch(meet: (place: string) => boolean): void {
    this.#meet = meet;
  }

  async throwAway(): Promise<void> {
    for (const driver of this.#open) await driver.close().catch(() => {});
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #path(): string {
    return join(this.#directory, String(this.#lives));
  }

  #next(): StoreFactory {
    this.#lives += 1;
    mkdirSync(this.#path);
    const open = nodeSqlite(sqlite, this.#path);
    return sqliteStore({
      open: async (file) => {
        const driver = await open(file);
        this.#open.push(driver);
        return this.#mortal(driver, this.#lives);
      },
    });
  }

  /** The power may go before and after every statement. */
  #mortal(driver: SqliteDriver, life: number): SqliteDriver {
    let said: string[] = [];
    const ask = async <T>(sql: string, work: () => Promise<T>): Promise<T> => {
      if (sql.startsWith('BEGIN')) said = [];
      said.push(sql);
      const place = said.join('; ');
      this.#pass(`${place}: to be run`, life);
      const result = await work();
      this.#pass(`${place}: run`, life);
      return result;
    };
    return {
      run: (sql, params) => ask(sql, () => driver.run(sql, params)),
      all: (sql, params) => ask(sql, () => driver.all(sql, params)),
      close: () => driver.close(),
    };
  }

  #pass(place: string, life: number): void {
    if (life === this.#lives) this.#meet(place);
    if (life !== this.#lives) throw new Dead();
  }
}

/** In memory, where there is room: a flush that nobody needs here takes long. */
function parent(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
