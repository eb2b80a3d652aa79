import postgres, { type Options, type PendingQuery, type Row, type RowList, type Sql } from 'postgres';

type Parameters = NonNullable<globalThis.Parameters<Sql['unsafe']>[1]>;
type Query = PendingQuery<Row[]>;
/** Runs the query and picks what is wanted of it. */
type Run = <T>(wanted: (query: Query) => PromiseLike<T>) => Promise<T>;

/** What Drizzle takes for the driver's query: it runs when it is awaited or its values are asked for. */
function statement(run: Run) {
  return {
    values: () => run((query) => query.values()),
    // oxlint-disable-next-line unicorn/no-thenable -- stands for the driver's query, which is one too
    then: <A, B>(done: (rows: RowList<Row[]>) => A, failed: (error: unknown) => B) =>
      run((query) => query).then(done, failed),
  };
}

/** How values cross the wire, by the type's oid: Drizzle puts its own in here before the first connection opens. */
interface Codecs {
  readonly parsers: Record<string, (text: string) => unknown>;
  readonly serializers: Record<string, (value: unknown) => unknown>;
}

/** Raised here for every statement after the connection was lost: it must not run on another one. */
class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = 'CONNECTION_CLOSED';

  constructor() {
    super('The connection of this transaction was lost');
  }
}

/**
 * One connection that at most one transaction holds. When it is lost, it is lost for good: the driver would open
 * another one by itself, and what a transaction has left to say would run there outside of it.
 */
class Connection {
  readonly #client: Sql;
  #lost = false;
  /** Settles with the statement before: one at a time, since the driver moves queued ones to its next connection. */
  #last: Promise<unknown> = Promise.resolve();
  /** Rejects the statement under way. */
  #giveUp: (error: Error) => void = () => {};

  constructor(url: string, options: Options<Record<string, never>>, codecs: Codecs) {
    const own = {
      ...options,
      max: 1,
      // Only we end it.
      idle_timeout: 0,
      max_lifetime: null,
      // A query of the driver's own, whose failure nobody could catch; Drizzle reads arrays without it.
      fetch_types: false,
      onclose: () => {
        this.#lost = true;
        // The driver forgets a statement that comes between a socket's error and its close.
        this.#giveUp(new ConnectionLost());
      },
    };
    this.#client = postgres(url, own);
    Object.assign(this.#client.options.parsers, codecs.parsers);
    Object.assign(this.#client.options.serializers, codecs.serializers);
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** One statement, after those before it. */
  run<T>(text: string, parameters: Parameters | undefined, wanted: (query: Query) => PromiseLike<T>): Promise<T> {
    const turn = this.#last.then(() => this.#ask(() => wanted(this.#client.unsafe(text, parameters))));
    this.#last = turn.catch(() => {});
    return turn;
  }

  #ask<T>(ask: () => PromiseLike<T>): Promise<T> {
    if (this.#lost) return Promise.reject(new ConnectionLost());
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      ask().then(resolve, reject);
    });
  }

  end(): Promise<void> {
    this.#lost = true;
    return this.#client.end({ timeout: 5 });
  }
}

/** A transaction on a connection, as the client that Drizzle works with; over when it has ended. */
class Transaction {
  readonly #connection: Connection;
  #over = false;
  #savepoints = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async run<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    await this.unsafe('begin');
    let result: T;
    try {
      result = await body(this);
    } catch (error) {
      await this.#undo('rollback');
      throw error;
    } finally {
      this.#over = true;
    }
    const { command } = await this.#connection.run('commit', undefined, (query) => query);
    if (command !== 'COMMIT') throw new Error(`The transaction had failed unseen: COMMIT answered ${command}`);
    return result;
  }

  unsafe(text: string, parameters?: Parameters) {
    return statement((wanted) => {
      // What nobody waited for must not run in the next transaction of this connection.
      if (this.#over) return Promise.reject(new Error('The transaction has ended: await every statement inside of it'));
      return this.#connection.run(text, parameters, wanted);
    });
  }

  /** The name by which Drizzle asks for a nested transaction. */
  async savepoint<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    const name = `s${++this.#savepoints}`;
    await this.unsafe(`savepoint ${name}`);
    let result: T;
    try {
      result = await body(this);
    } catch (error) {
      await this.#undo(`rollback to savepoint ${name}`);
      throw error;
    }
    await this.unsafe(`release savepoint ${name}`);
    return result;
  }

  /** Nothing is left to undo on a lost connection, and one that cannot undo must go. The first error is what counts. */
  async #undo(text: string): Promise<void> {
    if (this.#connection.lost) return;
    try {
      await this.unsafe(text);
    } catch {
      void this.#connection.end();
    }
  }
}

/** Connections to one database, each held by one transaction at a time, as the client that Drizzle works with. */
export class ConnectionPool {
  readonly options: Codecs = { parsers: {}, serializers: {} };
  readonly #open: () => Connection;
  readonly #most: number;
  readonly #idle: Connection[] = [];
  readonly #waiting: ((connection: Connection) => void)[] = [];
  #held = 0;

  constructor(url: string, most: number, options: Options<Record<string, never>>) {
    this.#open = () => new Connection(url, options, this.options);
    this.#most = most;
  }

  /** One statement on a connection of its own. */
  unsafe(text: string, parameters?: Parameters) {
    return statement((wanted) => this.#holding(async (connection) => connection.run(text, parameters, wanted)));
  }

  begin<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#holding((connection) => new Transaction(connection).run(body));
  }

  async end(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()));
  }

  async #holding<T>(body: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      return await body(connection);
    } finally {
      this.#giveBack(connection);
    }
  }

  #take(): Promise<Connection> | Connection {
    if (this.#held >= this.#most) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#held++;
    return this.#usable(this.#idle.pop());
  }

  #giveBack(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) return next(this.#usable(connection));
    this.#held--;
    this.#idle.push(connection);
  }

  #usable(connection: Connection | undefined): Connection {
    if (connection?.lost === false) return connection;
    void connection?.end();
    return this.#open();
  }
}
