import postgres, { type Options, type PendingQuery, type Row, type RowList, type Sql } from 'postgres';
import { noConnectionInTime } from './fault.ts';

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
 * Statements that change nothing on whatever connection they end, should the driver move them to its next one. The
 * comment marks a read of ours; one that only takes locks is one too.
 */
const harmless = /^(begin|set local|set transaction|savepoint|release savepoint|\/\* reads only \*\/)/;

/** Which texts are worth a plan that every connection keeps: those that come again, so that one-off texts fill nobody's memory. */
class PlanChoice {
  readonly #cameOnce = new Set<string>();
  readonly #kept = new Set<string>();
  readonly #most: number;

  /** @param most plans kept on each connection */
  constructor(most: number) {
    this.#most = most;
  }

  isKept(text: string): boolean {
    if (this.#kept.has(text)) return true;
    if (this.#kept.size >= this.#most) return false;
    if (this.#cameOnce.delete(text)) {
      this.#kept.add(text);
      return true;
    }
    if (this.#cameOnce.size >= this.#most) this.#cameOnce.clear();
    this.#cameOnce.add(text);
    return false;
  }
}

/** What the driver takes for one connection without holding anything back: it must never hold what it could move. */
const most = { underWay: 50, bytes: 32 * 1024 };

/**
 * One connection that at most one transaction holds. When it is lost, it is lost for good: the driver would open
 * another one by itself, and what a transaction has left to say would run there outside of it.
 *
 * Statements that nobody waits for one by one go out together, which saves the line's round trips, as long as the driver
 * surely has them on this connection: it is open, the statements' plans are there, and few bytes are under way. Should
 * that ever be wrong, they change nothing all the same: outside of our transactions a session of ours is read only.
 */
class Connection {
  readonly #client: Sql;
  readonly #plans: PlanChoice;
  readonly #ownSession: boolean;
  #lost = false;
  #established = false;
  /** Texts whose plans this connection has. */
  readonly #planned = new Set<string>();
  /** Settles when every statement so far has been handed to the driver; and when all are answered. */
  #sent: Promise<unknown> = Promise.resolve();
  #answered: Promise<unknown> = Promise.resolve();
  #underWay = 0;
  #bytes = 0;
  /** Statements under way that hold up those behind them: the driver asks for the types of their parameters first. */
  #holdUps = 0;
  /** Each rejects a statement under way. */
  readonly #giveUp = new Set<(error: Error) => void>();

  constructor(
    url: string,
    options: Options<Record<string, never>>,
    codecs: Codecs,
    plans: PlanChoice,
    ownSession: boolean,
  ) {
    this.#plans = plans;
    this.#ownSession = ownSession;
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
        for (const giveUp of this.#giveUp) giveUp(new ConnectionLost());
      },
      connection: { ...options.connection, ...(ownSession ? { default_transaction_read_only: true } : {}) },
    };
    this.#client = postgres(url, own);
    Object.assign(this.#client.options.parsers, codecs.parsers);
    Object.assign(this.#client.options.serializers, codecs.serializers);
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** One statement, behind those before it; when it changes something and might be held back, only after their answers. */
  run<T>(text: string, parameters: Parameters = [], wanted: (query: Query) => PromiseLike<T>): Promise<T> {
    const keeps = parameters.length > 0 && this.#plans.isKept(text);
    const flows = parameters.length === 0 || (keeps && this.#planned.has(text));
    const bytes = parameters.reduce((sum: number, value) => sum + (typeof value === 'string' ? value.length : 16), 0);
    const follows = this.#ownSession && this.#established && this.#holdUps === 0;
    const fits = this.#underWay < most.underWay && this.#bytes + bytes < most.bytes;
    const before = harmless.test(text) || (follows && fits) ? this.#sent : this.#answered;

    this.#underWay++;
    this.#bytes += bytes;
    if (!flows) this.#holdUps++;
    const ask = () => this.#ask(() => wanted(this.#client.unsafe(text, parameters, { prepare: keeps })));
    let answer: Promise<T> | undefined;
    this.#sent = before.then(() => {
      answer = ask();
      answer.catch(() => {});
    });
    const turn = this.#sent.then(() => answer as Promise<T>);
    const settled = turn.then(
      () => {
        this.#established = true;
        if (keeps) this.#planned.add(text);
      },
      () => {},
    );
    this.#answered = Promise.all([
      this.#answered,
      settled.then(() => {
        this.#underWay--;
        this.#bytes -= bytes;
        if (!flows) this.#holdUps--;
      }),
    ]);
    return turn;
  }

  #ask<T>(ask: () => PromiseLike<T>): Promise<T> {
    if (this.#lost) return Promise.reject(new ConnectionLost());
    return new Promise<T>((resolve, reject) => {
      this.#giveUp.add(reject);
      const settled = () => this.#giveUp.delete(reject);
      ask().then(
        (value) => {
          settled();
          resolve(value);
        },
        (error: unknown) => {
          settled();
          // Before anybody hears of it: what was to follow must not run on the connection that the driver opens next.
          if (!isOfStatement(error)) this.#lost = true;
          reject(error);
        },
      );
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
  /** What went wrong first: the statements behind it are only told that the transaction is aborted. */
  #failure: unknown;
  /** Settle when the statements that were announced have been handed over. */
  #handingOver: Promise<void>[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async run<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    this.#control('begin read write');
    let result: T;
    try {
      result = await body(this);
      await Promise.all(this.#handingOver);
    } catch (error) {
      await this.#undo('rollback');
      throw error;
    } finally {
      this.#over = true;
    }
    const { command } = await this.#connection.run('commit', undefined, (query) => query);
    // Whether this was the commit of our transaction, nobody can say then.
    if (this.#connection.lost) throw new ConnectionLost();
    if (command !== 'COMMIT')
      throw this.#failure ?? new Error(`The transaction had failed unseen: COMMIT answered ${command}`);
    return result;
  }

  unsafe(text: string, parameters?: Parameters) {
    const handedOver = Promise.withResolvers<void>();
    this.#handingOver.push(handedOver.promise);
    return statement((wanted) => {
      handedOver.resolve();
      return this.ask(text, parameters, wanted);
    });
  }

  async ask<T>(text: string, parameters: Parameters | undefined, wanted: (query: Query) => PromiseLike<T>): Promise<T> {
    // What nobody waited for must not run in the next transaction of this connection.
    if (this.#over) throw new Error('The transaction has ended: await every statement inside of it');
    try {
      return await this.#connection.run(text, parameters, wanted);
    } catch (error) {
      this.#failure ??= error;
      throw isAborted(error) ? this.#failure : error;
    }
  }

  /** Sent without waiting for its answer: should it fail, so does what comes after it, with its error. */
  #control(text: string): void {
    void this.unsafe(text).then(
      () => {},
      () => {},
    );
  }

  /** The name by which Drizzle asks for a nested transaction. */
  async savepoint<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    const name = `s${++this.#savepoints}`;
    this.#control(`savepoint ${name}`);
    let result: T;
    try {
      result = await body(this);
    } catch (error) {
      await this.#undo(`rollback to savepoint ${name}`);
      this.#failure = undefined;
      throw error;
    }
    this.#control(`release savepoint ${name}`);
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

/** Whether the server refused a statement and the connection goes on; all else ends it. */
function isOfStatement(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.severity === 'ERROR';
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '25P02';
}

/** Raised where a connection was waited for and none came free in time: nothing was sent. */
class NoConnectionInTime extends Error {
  override readonly name = 'NoConnectionInTime';
  readonly code = noConnectionInTime;

  constructor(waitMs: number, most: number) {
    super(`None of the ${most} database connections came free within ${waitMs} ms`);
  }
}

/** What Drizzle works with. */
export type PoolClient = Pick<ConnectionPool, 'options' | 'unsafe' | 'begin'>;

/** On each connection. */
const keptPlans = 500;

/** Connections to one database, each held by one transaction at a time, as the client that Drizzle works with. */
export class ConnectionPool {
  readonly options: Codecs = { parsers: {}, serializers: {} };
  readonly #open: () => Connection;
  readonly #most: number;
  readonly #waitMs: number | undefined;
  readonly #idle: Connection[] = [];
  /** In the order in which they came. */
  readonly #waiting = new Set<(connection: Connection) => void>();
  #held = 0;

  /**
   * @param most most connections at once
   * @param waitMs how long to wait for one of them to come free
   * @param ownSessions false behind a pooler that hands out its connections by the transaction: no plan is kept, and
   * nothing is set for a session
   */
  constructor(
    url: string,
    { most, waitMs }: { readonly most: number; readonly waitMs?: number },
    options: Options<Record<string, never>>,
    ownSessions = true,
  ) {
    const choice = new PlanChoice(ownSessions ? keptPlans : 0);
    this.#open = () => new Connection(url, options, this.options, choice, ownSessions);
    this.#most = most;
    this.#waitMs = waitMs;
  }

  /** The same connections for work that nobody waits for: it waits for one for as long as it takes. */
  get patient(): PoolClient {
    return {
      options: this.options,
      unsafe: (text, parameters) => statement((wanted) => this.#single(undefined, text, parameters, wanted)),
      begin: (body) => this.#holding(undefined, (connection) => new Transaction(connection).run(body)),
    };
  }

  /** Connections that a transaction holds, and transactions that wait for one. */
  get load(): { held: number; waiting: number; most: number } {
    return { held: this.#held, waiting: this.#waiting.size, most: this.#most };
  }

  /** One statement on a connection of its own. */
  unsafe(text: string, parameters?: Parameters) {
    return statement((wanted) => this.#single(this.#waitMs, text, parameters, wanted));
  }

  #single<T>(
    waitMs: number | undefined,
    text: string,
    parameters: Parameters | undefined,
    wanted: (query: Query) => PromiseLike<T>,
  ): Promise<T> {
    return this.#holding(waitMs, async (connection) => {
      const transaction = new Transaction(connection);
      let answer: Promise<T> | undefined;
      await transaction.run(() => {
        // Not waited for: its commit goes out with it, and fails with it.
        answer = transaction.ask(text, parameters, wanted);
        answer.catch(() => {});
        return Promise.resolve();
      });
      return answer as Promise<T>;
    });
  }

  begin<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#holding(this.#waitMs, (connection) => new Transaction(connection).run(body));
  }

  async end(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()));
  }

  async #holding<T>(waitMs: number | undefined, body: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take(waitMs);
    try {
      return await body(connection);
    } finally {
      this.#giveBack(connection);
    }
  }

  #take(waitMs: number | undefined): Promise<Connection> | Connection {
    if (this.#held < this.#most) {
      this.#held++;
      return this.#usable(this.#idle.pop());
    }
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const given = (connection: Connection) => {
        clearTimeout(timer);
        resolve(connection);
      };
      this.#waiting.add(given);
      if (waitMs === undefined) return;
      timer = setTimeout(() => {
        // Who has given up is handed none.
        this.#waiting.delete(given);
        reject(new NoConnectionInTime(waitMs, this.#most));
      }, waitMs);
    });
  }

  #giveBack(connection: Connection): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      return next(this.#usable(connection));
    }
    this.#held--;
    this.#idle.push(connection);
  }

  #usable(connection: Connection | undefined): Connection {
    if (connection?.lost === false) return connection;
    void connection?.end();
    return this.#open();
  }
}
