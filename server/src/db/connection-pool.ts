import type { Options } from 'postgres';
import {
  type Codecs,
  Connection,
  ConnectionLost,
  type Parameters,
  PlanChoice,
  type Query,
  statement,
} from './connection.ts';
import { databaseCode, NeverCameBack, noConnectionInTime } from './fault.ts';

/** With its isolation, whatever the database's default is. */
const beginnings = {
  primary: 'begin isolation level read committed read write',
  standby: 'begin isolation level repeatable read read only',
} as const;

/** Raised where no transaction could begin: what was to run in it would have run by itself. */
class NotBegun extends Error {
  override readonly name = 'NotBegun';
  /** As a write that a standby refuses: it does not take part until it is promoted. */
  readonly code = '25006';

  constructor(cause: unknown) {
    super('The database takes no transaction that writes: is it a standby, and not opened as one?', { cause });
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
  #underWay = 0;
  /** Gives up the work that runs in it; undefined: none runs. */
  #giveUp: ((error: NeverCameBack) => void) | undefined;
  #quiet: NodeJS.Timeout | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async run<T>(begin: string, body: (transaction: Transaction) => Promise<T>): Promise<T> {
    const begun = this.#begin(begin);
    begun.catch(() => {});
    let result: T;
    try {
      result = await this.#waitedFor(body);
      await Promise.all(this.#handingOver);
      await begun;
    } catch (error) {
      // What never came back may still do so, and must find nothing to write to.
      if (error instanceof NeverCameBack) void this.#connection.end();
      await this.#undo('rollback');
      // What failed of it is the reason for all that failed behind it.
      await begun;
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

  /** Sent without waiting for its answer, which must have come before the commit goes out: all of it was outside otherwise. */
  async #begin(text: string): Promise<void> {
    try {
      await this.ask(text, undefined, (query) => query);
    } catch (error) {
      throw databaseCode(error) === '0A000' ? new NotBegun(error) : error;
    }
  }

  /** What the work comes to, unless it is quiet for longer than PostgreSQL lets a transaction be idle. */
  async #waitedFor<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#giveUp = reject;
        body(this).then(resolve, reject);
      });
    } finally {
      this.#giveUp = undefined;
      clearTimeout(this.#quiet);
    }
  }

  #heard(): void {
    clearTimeout(this.#quiet);
    const giveUp = this.#giveUp;
    const ms = this.#connection.limits.of('idle_in_transaction_session_timeout');
    if (giveUp === undefined || ms === undefined || this.#underWay > 0) return;
    this.#quiet = setTimeout(() => giveUp(new NeverCameBack(ms)), ms).unref();
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
    this.#underWay++;
    try {
      return await this.#connection.run(text, parameters, wanted);
    } catch (error) {
      this.#failure ??= error;
      throw isAborted(error) ? this.#failure : error;
    } finally {
      this.#underWay--;
      this.#heard();
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

/** Raised where a connection is asked for after the pool has ended: nothing was sent. */
class PoolEnded extends Error {
  override readonly name = 'PoolEnded';
  readonly code = 'CONNECTION_ENDED';

  constructor() {
    super('The database was closed');
  }
}

/** What Drizzle works with. */
export type PoolClient = Pick<ConnectionPool, 'options' | 'unsafe' | 'begin'>;

interface PoolKind {
  readonly ownSessions?: boolean;
  readonly oneSession?: boolean;
  readonly standby?: boolean;
}

/** On each connection. */
const keptPlans = 500;

/** Connections to one database, each held by one transaction at a time, as the client that Drizzle works with. */
export class ConnectionPool {
  readonly options: Codecs = { parsers: {}, serializers: {} };
  readonly #open: () => Connection;
  readonly #begin: string;
  readonly #oneSession: boolean;
  #session: Connection | undefined;
  readonly #most: number;
  readonly #waitMs: number | undefined;
  readonly #idle: Connection[] = [];
  /** In the order in which they came. */
  readonly #waiting = new Set<PromiseWithResolvers<Connection>>();
  #held = 0;
  #ended = false;

  /**
   * @param most most connections at once
   * @param waitMs how long to wait for one of them to come free
   * @param ownSessions false behind a pooler that hands out its connections by the transaction: no plan is kept, and
   * nothing is set for a session
   * @param oneSession whether a connection that is lost is not replaced: what a session held is gone with it
   * @param standby whether it is one that is only read: each transaction is then of one snapshot
   */
  constructor(
    url: string,
    { most, waitMs }: { readonly most: number; readonly waitMs?: number },
    options: Options<Record<string, never>>,
    { ownSessions = true, oneSession = false, standby = false }: PoolKind = {},
  ) {
    const choice = new PlanChoice(ownSessions ? keptPlans : 0);
    this.#open = () => new Connection(url, options, this.options, choice, ownSessions);
    this.#oneSession = oneSession;
    this.#begin = standby ? beginnings.standby : beginnings.primary;
    this.#most = most;
    this.#waitMs = waitMs;
  }

  /** The same connections for work that nobody waits for: it waits for one for as long as it takes. */
  get patient(): PoolClient {
    return {
      options: this.options,
      unsafe: (text, parameters) => statement((wanted) => this.#single(undefined, text, parameters, wanted)),
      begin: (body) => this.#holding(undefined, (connection) => new Transaction(connection).run(this.#begin, body)),
    };
  }

  /** Connections that a transaction holds, and transactions that wait for one. */
  get load(): { held: number; waiting: number; most: number } {
    return { held: this.#held, waiting: this.#waiting.size, most: this.#most };
  }

  /** Whether its one session is. */
  get lost(): boolean {
    return this.#session?.lost === true;
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
      await transaction.run(this.#begin, () => {
        // Not waited for: its commit goes out with it, and fails with it.
        answer = transaction.ask(text, parameters, wanted);
        answer.catch(() => {});
        return Promise.resolve();
      });
      return answer as Promise<T>;
    });
  }

  begin<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#holding(this.#waitMs, (connection) => new Transaction(connection).run(this.#begin, body));
  }

  /** Ends what is idle now, and what is held when its transaction is through; nobody else is handed one. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const { reject } of this.#waiting) reject(new PoolEnded());
    this.#waiting.clear();
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

  async #take(waitMs: number | undefined): Promise<Connection> {
    if (this.#ended) throw new PoolEnded();
    if (this.#held < this.#most) {
      this.#held++;
      return this.#usable(this.#idle.pop());
    }
    const given = Promise.withResolvers<Connection>();
    this.#waiting.add(given);
    if (waitMs === undefined) return given.promise;
    const timer = setTimeout(() => {
      // Who has given up is handed none.
      this.#waiting.delete(given);
      given.reject(new NoConnectionInTime(waitMs, this.#most));
    }, waitMs);
    return given.promise.finally(() => clearTimeout(timer));
  }

  #giveBack(connection: Connection): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      return next.resolve(this.#usable(connection));
    }
    this.#held--;
    if (this.#ended) void connection.end();
    else this.#idle.push(connection);
  }

  #usable(connection: Connection | undefined): Connection {
    if (connection?.lost === false && !connection.outdated) return connection;
    // A lost one refuses every statement by itself.
    if (this.#oneSession) return (this.#session ??= this.#open());
    void connection?.end();
    return this.#open();
  }
}
