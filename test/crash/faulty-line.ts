import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Sql } from 'postgres';
import { type CrashPoint, Watch } from './crash-point.ts';
import type { Fault } from './fault.ts';
import { FaultyConnection, type Supervisor } from './faulty-connection.ts';
import { PostgresSession } from './postgres-session.ts';

/** Says of each statement that is about to be sent how it fails; undefined: it does not. */
export type Decide = (point: CrashPoint) => Fault | undefined;

/**
 * The line between a server and PostgreSQL, by PostgreSQL's own protocol: it knows each statement and can have it fail in
 * every way, also in the middle of those that were sent in one go. The server under test has no part in it.
 */
export class FaultyLine implements Supervisor {
  readonly url: string;
  /** What is sent now; undefined while nobody watches. */
  watch: Watch | undefined;
  gate: Promise<void> | undefined;
  readonly #admin: Sql;
  readonly #listener: Server;
  readonly #connections = new Set<FaultyConnection>();
  #decide: Decide = () => undefined;
  #refusals = 0;

  readonly #target: { host: string; port: number };
  readonly #keepsSessions: boolean;
  #spare: PostgresSession[] = [];
  #closed = false;

  private constructor(url: string, target: URL, admin: Sql, listener: Server, keepsSessions: boolean) {
    this.url = url;
    this.#target = { host: target.hostname, port: Number(target.port) };
    this.#keepsSessions = keepsSessions;
    this.#admin = admin;
    this.#listener = listener;
  }

  /**
   * @param admin past the line: ends sessions as an operator does
   * @param keepsSessions whether a session of PostgreSQL that lost its client is rolled back, emptied and given to the next
   * one, as a pooler does: a new one costs ten times what a statement does. Without, each is really lost.
   */
  static async start(url: string, admin: Sql, keepsSessions: boolean): Promise<FaultyLine> {
    const target = new URL(url);
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port given');
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String(address.port);
    const line = new FaultyLine(through.href, target, admin, listener, keepsSessions);
    listener.on('connection', (client) => {
      client.setNoDelay(true);
      const connection = new FaultyConnection(line, client);
      line.#connections.add(connection);
      client.on('close', () => line.#connections.delete(connection));
    });
    return line;
  }

  /** Watches what is sent while `run` runs, and has it fail as `decide` says. */
  async watching(decide: Decide, run: () => Promise<void>): Promise<Watch> {
    const watch = new Watch();
    this.watch = watch;
    this.#decide = decide;
    try {
      await run();
    } finally {
      this.watch = undefined;
      this.#decide = () => undefined;
      this.#refusals = 0;
    }
    return watch;
  }

  /** Ends the connections of the server: each of its next ones has seen nothing. */
  cutAll(): void {
    for (const connection of this.#connections) if (connection.ours) connection.cut();
  }

  session(startup: Buffer, ours: boolean): { session: PostgresSession; welcomed: boolean } {
    const at = ours ? this.#spare.findIndex((session) => session.startup.equals(startup)) : -1;
    const [spare] = at === -1 ? [] : this.#spare.splice(at, 1);
    return { session: spare ?? new PostgresSession(this.#target, startup), welcomed: spare !== undefined };
  }

  leave(session: PostgresSession, owed: number): void {
    if (!this.#keepsSessions) {
      // What was sent still reaches PostgreSQL, which finds nobody to answer.
      session.hears = () => {};
      session.ended = () => {};
      session.end();
      return;
    }
    void session.reset(owed).then((lives) => {
      if (!lives) return;
      if (this.#closed) session.destroy();
      session.ended = () => {
        this.#spare = this.#spare.filter((one) => one !== session);
      };
      this.#spare.push(session);
    });
  }

  faultAt(point: CrashPoint): Fault | undefined {
    return this.#decide(point);
  }

  async terminate(pid: number): Promise<void> {
    await this.#admin.unsafe('select pg_terminate_backend($1)', [pid]);
  }

  refuseNext(): void {
    this.#refusals++;
  }

  refuses(): boolean {
    if (this.#refusals === 0) return false;
    this.#refusals--;
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#connections) connection.cut();
    for (const session of this.#spare) session.destroy();
    this.#listener.close();
    await once(this.#listener, 'close');
  }
}
