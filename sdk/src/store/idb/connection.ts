import { openDB, unwrap } from 'idb';
import { ClosedError, StoreBlockedError } from '../../errors.ts';

/** Why a database cannot be opened. */
export const heldByTab = 'another tab with an older version of this app holds it: close that tab';
const notOpened = 'the browser does not open it: close other tabs of this app, start the browser again';

/** One open connection to a database. */
export interface Connection {
  readonly db: IDBDatabase;
  /** Resolves when the browser has closed it under us: by then what its transactions were doing has ended or never will. */
  readonly lost: Promise<void>;
}

/** How a database is opened. */
export interface Opening {
  readonly name: string;
  readonly version: number;
  readonly upgrade: (db: IDBDatabase, from: number, tx: IDBTransaction) => void;
  /** How long the browser may take, in milliseconds. */
  readonly patienceMs: number;
}

/** The connection to a database, opened again whenever it is needed and the last one is gone. */
export class Connector {
  readonly #opening: Opening;
  #current: Promise<Connection> | undefined;
  #closed = false;

  constructor(opening: Opening) {
    this.#opening = opening;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @throws StoreBlockedError when the browser takes too long. */
  connect(): Promise<Connection> {
    if (this.#closed) return Promise.reject(new ClosedError());
    if (this.#current) return this.#current;
    const current: Promise<Connection> = this.#open(() => this.#forget(current));
    this.#current = current;
    current.catch(() => this.#forget(current));
    return current;
  }

  /** It does not work any more: whoever connects next gets another one. */
  async drop(connecting: Promise<Connection>): Promise<void> {
    this.#forget(connecting);
    (await connecting).db.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const current = this.#current;
    this.#current = undefined;
    // IndexedDB itself lets the transactions under way finish.
    (await current?.catch(() => undefined))?.db.close();
  }

  #forget(connecting: Promise<Connection>): void {
    if (this.#current === connecting) this.#current = undefined;
  }

  async #open(gone: () => void): Promise<Connection> {
    const { name, version, upgrade, patienceMs } = this.#opening;
    let blocked = false;
    let end: () => void = gone;
    const opened = openDB(name, version, {
      upgrade: (db, from, _to, tx) => upgrade(unwrap(db), from, unwrap(tx)),
      blocked: () => (blocked = true),
      // Another tab wants to delete or upgrade the database: let go, and open again when asked for something.
      blocking: (_current, _blocked, { target }) => {
        gone();
        (target as IDBDatabase).close();
      },
      terminated: () => end(),
    });
    const late = () => new StoreBlockedError(name, blocked ? heldByTab : notOpened);
    const db = await inTime(opened, patienceMs, late).catch((error: unknown) => {
      // What comes too late must not keep others waiting.
      opened.then(
        (late) => late.close(),
        () => {},
      );
      throw error;
    });
    const lost = new Promise<void>((resolve) => {
      end = () => {
        gone();
        resolve();
      };
    });
    return { db: unwrap(db), lost };
  }
}

/** Rejects with `late()` when `work` takes longer than `ms`. */
export function inTime<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
