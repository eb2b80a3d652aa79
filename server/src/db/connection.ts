import { connect, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import postgres, { type Options, type PendingQuery, type Row, type RowList, type Sql } from 'postgres';
import { isStalePlan } from './fault.ts';
import { LimitsInForce } from './limits-in-force.ts';

export type Parameters = NonNullable<globalThis.Parameters<Sql['unsafe']>[1]>;
export type Query = PendingQuery<Row[]>;
/** Runs the query and picks what is wanted of it. */
type Run = <T>(wanted: (query: Query) => PromiseLike<T>) => Promise<T>;

/** What Drizzle takes for the driver's query: it runs when it is awaited or its values are asked for. */
export function statement(run: Run) {
  return {
    values: () => run((query) => query.values()),
    // oxlint-disable-next-line unicorn/no-thenable -- stands for the driver's query, which is one too
    then: <A, B>(done: (rows: RowList<Row[]>) => A, failed: (error: unknown) => B) =>
      run((query) => query).then(done, failed),
  };
}

/** How values cross the wire, by the type's oid: Drizzle puts its own in here before the first connection opens. */
export interface Codecs {
  readonly parsers: Record<string, (text: string) => unknown>;
  readonly serializers: Record<string, (value: unknown) => unknown>;
}

/** Raised here for every statement after the connection was lost: it must not run on another one. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = 'CONNECTION_CLOSED';

  constructor() {
    super('The connection to the database broke off');
  }
}

/**
 * Statements that change nothing on whatever connection they end, should the driver move them to its next one. The
 * comment marks a read of ours; one that only takes locks is one too.
 */
const harmless = /^(begin|set local|set transaction|savepoint|release savepoint|\/\* reads only \*\/)/;

/** Which texts are worth a plan that every connection keeps: those that come again, so that one-off texts fill nobody's memory. */
export class PlanChoice {
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

/** How much longer than PostgreSQL lets a statement run we wait to hear of it. */
const spareMs = 5000;

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
export class Connection {
  readonly #client: Sql;
  readonly #plans: PlanChoice;
  readonly #ownSession: boolean;
  #lost = false;
  #outdated = false;
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
  readonly limits: LimitsInForce;
  #socket: Socket | undefined;
  #host = '';
  #opened = 0;
  #silence: NodeJS.Timeout | undefined;

  constructor(
    url: string,
    options: Options<Record<string, never>>,
    codecs: Codecs,
    plans: PlanChoice,
    ownSession: boolean,
  ) {
    this.#plans = plans;
    this.#ownSession = ownSession;
    this.limits = new LimitsInForce(options.connection);
    const own = {
      ...options,
      max: 1,
      // Only we end it.
      idle_timeout: 0,
      max_lifetime: null,
      // A query of the driver's own, whose failure nobody could catch; Drizzle reads arrays without it.
      fetch_types: false,
      // The driver ends its own only by saying goodbye, which a dead line never takes.
      socket: (target: Target) => this.#dial(target),
      // The driver takes a session that is read only outside of our transactions for one of a server that is.
      ...(ownSession &&
        /[?&]target_session_attrs=read-write\b/.test(url) && { target_session_attrs: 'primary' as const }),
      ...(typeof options.ssl === 'object' && { ssl: this.#namingHost(options.ssl) }),
      onclose: () => this.#lose(),
      connection: { ...options.connection, ...(ownSession ? { default_transaction_read_only: true } : {}) },
    };
    this.#client = postgres(url, own);
    Object.assign(this.#client.options.parsers, codecs.parsers);
    Object.assign(this.#client.options.serializers, codecs.serializers);
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Whether the next transaction needs another one: of its kept plans one was of a table that has changed, so others may be. */
  get outdated(): boolean {
    return this.#outdated;
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
    const ask = () => this.#ask(text, () => wanted(this.#client.unsafe(text, parameters, { prepare: keeps })));
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
      // An empty value: kept, those of all statements would be in each other for as long as the connection lives.
    ]).then(() => {});
    return turn;
  }

  /** Each host once: where a connection closes before it is one, the driver would ask again at once, for ever. */
  #dial(target: Target): Socket {
    if (this.#opened >= target.host.length) {
      this.#lose();
      throw new ConnectionLost();
    }
    this.#host = target.host[this.#opened % target.host.length] ?? '';
    this.#socket = socketTo(target, this.#opened++);
    return this.#socket;
  }

  /** The driver names no address to TLS, which would then look for "localhost" in the certificate. */
  #namingHost(ssl: ConnectionOptions): ConnectionOptions {
    const { checkServerIdentity: check } = ssl;
    if (check === undefined) return ssl;
    return { ...ssl, checkServerIdentity: (_name, certificate) => check(this.#host, certificate) };
  }

  #lose(): void {
    this.#lost = true;
    clearTimeout(this.#silence);
    // The driver forgets a statement that comes between a socket's error and its close.
    for (const giveUp of this.#giveUp) giveUp(new ConnectionLost());
  }

  /** While answers are owed, one must come in the time that PostgreSQL gives a statement: else it is not there any more. */
  #listen(): void {
    clearTimeout(this.#silence);
    const ms = this.limits.of('statement_timeout');
    if (ms === undefined || this.#giveUp.size === 0 || this.#lost) return;
    this.#silence = setTimeout(() => {
      this.#lose();
      this.#socket?.destroy();
    }, ms + spareMs).unref();
  }

  #ask<T>(text: string, ask: () => PromiseLike<T>): Promise<T> {
    if (this.#lost) return Promise.reject(new ConnectionLost());
    return new Promise<T>((resolve, reject) => {
      this.#giveUp.add(reject);
      this.limits.hear(text);
      this.#listen();
      const settled = () => {
        this.#giveUp.delete(reject);
        this.#listen();
      };
      ask().then(
        (value) => {
          settled();
          resolve(value);
        },
        (error: unknown) => {
          settled();
          // Before anybody hears of it: what was to follow must not run on the connection that the driver opens next.
          if (!isOfStatement(error)) this.#lost = true;
          if (isStalePlan(error)) this.#outdated = true;
          reject(error);
        },
      );
    });
  }

  end(): Promise<void> {
    // The driver would wait for the answers that a lost one owes.
    const timeout = this.#lost ? 0 : 5;
    this.#lost = true;
    return this.#client.end({ timeout });
  }
}

/** What the driver read of the url and the environment. */
interface Target {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** Of a Unix socket. */
  readonly path: string | false;
}

/** @param at which of several hosts */
function socketTo({ host, port, path }: Target, at: number): Socket {
  if (path !== false) return connect(path);
  const to = { host: host[at % host.length] ?? '', port: port[at % port.length] ?? 0 };
  // By these the driver checks a certificate, and names the server in errors.
  return Object.assign(connect(to), to);
}

/** Whether the server refused a statement and the connection goes on; all else ends it. */
function isOfStatement(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.severity === 'ERROR';
}
