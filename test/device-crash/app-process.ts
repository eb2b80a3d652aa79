import { deferred } from '../../sdk/src/deferred.ts';
import type { Platform } from '../../sdk/src/platform.ts';
import type { Reserve, Store, StoreFactory, Transaction } from '../../sdk/src/store/store.ts';
import { wrapStore } from '../../sdk/src/testing/wrap-store.ts';

/** Thrown into a transaction of a process that has died, so that the store below takes it back. */
export class Dead extends Error {
  override readonly name = 'Dead';
}

/** Told of each thing that a process asks of its store, before and after; true: it dies there. */
export type Meet = (place: string) => boolean;

/** One run of an app, or one tab: when it dies, nothing of it goes on, and nobody hears of it any more. */
export class AppProcess {
  readonly #meet: Meet;
  readonly #died = deferred<void>();
  readonly #abort = new AbortController();
  readonly #closers: (() => void)[] = [];
  #asking = 0;

  constructor(meet: Meet) {
    this.#meet = meet;
  }

  get isDead(): boolean {
    return this.#abort.signal.aborted;
  }

  /** It waits for its store. */
  get isAsking(): boolean {
    return this.#asking > 0 && !this.isDead;
  }

  die(): void {
    this.#abort.abort();
    this.#died.resolve();
    for (const close of this.#closers) close();
  }

  /** The surroundings as this process has them: for the dead, nothing comes and nothing goes. */
  platform(around: Platform): Platform {
    const { lock, channel } = around;
    return {
      ...around,
      setTimeout: (callback, ms) => {
        const timer = around.setTimeout(() => this.isDead || callback(), ms);
        this.#closers.push(() => around.clearTimeout(timer));
        return timer;
      },
      fetch: (url, init) => this.#unlessDead(() => around.fetch(url, init)),
      onEvent: (listener) => around.onEvent((event) => this.isDead || listener(event)),
      lock:
        lock &&
        ((name, signal, body) =>
          // The browser takes a dead tab's locks from it.
          lock(name, AbortSignal.any([signal, this.#abort.signal]), () =>
            this.isDead ? Promise.resolve() : Promise.race([body(), this.#died.promise]),
          )),
      channel:
        channel &&
        ((name, listener) => {
          const opened = channel(name, (message) => this.isDead || listener(message));
          this.#closers.push(() => opened.close());
          return { post: (message) => this.isDead || opened.post(message), close: () => opened.close() };
        }),
    };
  }

  /** Stores as this process has them: it may die wherever it asks them something. */
  store(factory: StoreFactory): StoreFactory {
    return (name) => this.#asks('open', async () => this.#mortal(await factory(name)));
  }

  /** Stores that take time of their own, above those it may die with. */
  waits(factory: StoreFactory): StoreFactory {
    const waitFor = async <T>(work: Promise<T>): Promise<T> => {
      this.#asking += 1;
      return work.finally(() => (this.#asking -= 1));
    };
    return async (name) => {
      const store = await waitFor(factory(name));
      return wrapStore(store, (...asked) => waitFor(store.transaction(...asked)));
    };
  }

  #mortal(store: Store): Store {
    return {
      sharedAs: store.sharedAs,
      indexes: store.indexes,
      deletingFrees: store.deletingFrees,
      reserve: store.reserve && this.#mortalReserve(store.reserve),
      transaction: (tables, mode, body) => {
        const asked = [`${tables.join()} ${mode}`];
        return this.#asks(
          `${asked[0]}: all`,
          () =>
            store.transaction(tables, mode, async (tx) => {
              const result = await body(this.#mortalTransaction(tx, asked));
              this.#pass(`${asked.join('; ')}: not flushed`);
              return result;
            }),
          asked,
        );
      },
      close: () => this.#asks('close', () => store.close()),
      destroy: () => this.#asks('destroy', () => store.destroy()),
    };
  }

  #mortalReserve(reserve: Reserve): Reserve {
    return {
      hold: () => this.#asks('hold the reserve', () => reserve.hold()),
      release: () => this.#asks('release the reserve', () => reserve.release()),
    };
  }

  #mortalTransaction(tx: Transaction, asked: string[]): Transaction {
    const ask = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      asked.push(what);
      const before = asked.join('; ');
      this.#pass(`${before}: asked`);
      const result = await work();
      this.#pass(`${before}: done`);
      return result;
    };
    const named = (table: string, key: unknown) => (table === 'meta' ? `${table} ${String(key)}` : table);
    return {
      get: (table, key) => ask(`get ${named(table, key)}`, () => tx.get(table, key)),
      list: (table, range, limit) => ask(`list ${table}`, () => tx.list(table, range, limit)),
      put: (table, key, value) => ask(`put ${named(table, key)}`, () => tx.put(table, key, value)),
      delete: (table, key) => ask(`delete ${named(table, key)}`, () => tx.delete(table, key)),
      clear: (table) => ask(`clear ${table}`, () => tx.clear(table)),
    };
  }

  /** @param asked what a transaction has asked by its end */
  #asks<T>(what: string, work: () => Promise<T>, asked?: readonly string[]): Promise<T> {
    return this.#unlessDead(async () => {
      this.#pass(`${what}: asked`);
      this.#asking += 1;
      const result = await work().finally(() => (this.#asking -= 1));
      // On the disk for good, if it was to be; and the one who asked never hears.
      this.#pass(`${asked?.join('; ') ?? what}: ended`);
      return result;
    });
  }

  #pass(place: string): void {
    if (!this.isDead && this.#meet(place)) this.die();
    if (this.isDead) throw new Dead();
  }

  async #unlessDead<T>(work: () => Promise<T>): Promise<T> {
    const never = new Promise<never>(() => {});
    if (this.isDead) return never;
    try {
      const result = await work();
      return this.isDead ? await never : result;
    } catch (error) {
      if (this.isDead) return never;
      throw error;
    }
  }
}
