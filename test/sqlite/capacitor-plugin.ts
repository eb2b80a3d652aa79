import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';

interface Call {
  readonly database: string;
  readonly statement: string;
  readonly values: (string | number)[];
  readonly transaction: boolean;
}

interface Connection {
  readonly open: DatabaseSync | undefined;
  inTransaction: boolean;
}

/**
 * The native side of `@capacitor-community/sqlite`, below the package's own JavaScript, answered by node:sqlite and with
 * the package's peculiarities: it keeps books of connections and transactions, and iOS lists a result's columns first.
 */
export class CapacitorPlugin {
  readonly #directory: string;
  readonly #ios: boolean;
  readonly #connections = new Map<string, Connection>();

  constructor(directory: string, ios: boolean) {
    this.#directory = directory;
    this.#ios = ios;
  }

  async createConnection({ database, version }: { database: string; version: number }): Promise<void> {
    await setImmediate();
    if (version !== 1) throw new Error('No upgrade was expected');
    if (this.#connections.has(database)) throw new Error(`Connection ${database} already exists`);
    this.#connections.set(database, { open: undefined, inTransaction: false });
  }

  /** When nothing is known to the JavaScript any more (it was loaded again), everything is closed. */
  async checkConnectionsConsistency({ dbNames }: { dbNames: string[] }): Promise<{ result: boolean }> {
    await setImmediate();
    if (dbNames.length > 0) return { result: dbNames.length === this.#connections.size };
    for (const { open } of this.#connections.values()) open?.close();
    this.#connections.clear();
    return { result: false };
  }

  async open({ database }: { database: string }): Promise<void> {
    await setImmediate();
    const open = new DatabaseSync(`${this.#directory}/${database}SQLite.db`);
    this.#connections.set(database, { open, inTransaction: false });
  }

  async closeConnection({ database }: { database: string }): Promise<void> {
    await setImmediate();
    this.#connection(database).open?.close();
    this.#connections.delete(database);
  }

  async query({ database, statement, values }: Call): Promise<{ values: object[] }> {
    await setImmediate();
    const rows = this.#database(database)
      .prepare(statement)
      .all(...values);
    const [first] = rows;
    return { values: this.#ios && first ? [{ ios_columns: Object.keys(first) }, ...rows] : rows };
  }

  async run({ database, statement, values, transaction }: Call): Promise<{ changes: { changes: number } }> {
    await setImmediate();
    if (transaction || /^(?:BEGIN|COMMIT|ROLLBACK)/.test(statement)) {
      throw new Error('run: cannot start or end a transaction within a transaction');
    }
    const prepared = this.#database(database).prepare(statement);
    // On iOS a statement that gives a row has failed.
    if (this.#ios && prepared.all(...values).length > 0) throw new Error('Error: prepareSQL step failed rc: 100');
    return { changes: { changes: this.#ios ? 0 : Number(prepared.run(...values).changes) } };
  }

  beginTransaction = ({ database }: { database: string }) => this.#transaction(database, 'BEGIN EXCLUSIVE', true);
  commitTransaction = ({ database }: { database: string }) => this.#transaction(database, 'COMMIT', false);
  rollbackTransaction = ({ database }: { database: string }) => this.#transaction(database, 'ROLLBACK', false);

  async #transaction(name: string, sql: string, inTransaction: boolean): Promise<{ changes: { changes: number } }> {
    await setImmediate();
    const connection = this.#connection(name);
    if (connection.inTransaction === inTransaction) throw new Error(`Failed in ${sql}: books say otherwise`);
    connection.inTransaction = inTransaction;
    this.#database(name).exec(sql);
    return { changes: { changes: 0 } };
  }

  #database(name: string): DatabaseSync {
    const { open } = this.#connection(name);
    if (!open) throw new Error('Database not opened');
    return open;
  }

  #connection(name: string): Connection {
    const connection = this.#connections.get(name);
    if (!connection) throw new Error(`No available connection for database ${name}`);
    return connection;
  }
}
