import { connect, type Socket } from 'node:net';
import { type WireMessage, wireMessage, WireMessages } from '../support/postgres-wire.ts';

/** A session of PostgreSQL, on the far side of the line. */
export class PostgresSession {
  /** Whom PostgreSQL lets in with what. */
  readonly startup: Buffer;
  pid = 0;
  /** Of its last "ready": idle, in a transaction, in one that failed. */
  status: Buffer = Buffer.from('I');
  /** Told what PostgreSQL says. */
  hears: (messages: readonly WireMessage[]) => void = () => {};
  /** Told when PostgreSQL has ended it. */
  ended: () => void = () => {};
  readonly #socket: Socket;
  readonly #welcome: Buffer[] = [];
  #welcomed = false;

  constructor(to: { host: string; port: number }, startup: Buffer) {
    this.startup = startup;
    this.#socket = connect({ ...to, noDelay: true });
    const split = new WireMessages('server');
    this.#socket.on('data', (bytes: Buffer) => {
      const messages = split.add(bytes);
      for (const message of messages) this.#note(message);
      this.hears(messages);
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.ended());
    this.#socket.write(startup);
  }

  /** What PostgreSQL said when it let the client in, without the questions before. */
  get welcome(): Buffer {
    return Buffer.concat(this.#welcome);
  }

  #note({ type, body, bytes }: WireMessage): void {
    if (type === 'K') this.pid = body.readInt32BE(0);
    if (type === 'Z') this.status = Buffer.from(body);
    if (this.#welcomed) return;
    if (type !== 'R' || body.readInt32BE(0) === 0) this.#welcome.push(Buffer.from(bytes));
    this.#welcomed = type === 'Z';
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** PostgreSQL gets all that was written. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * What PostgreSQL does itself when it has lost a client: nothing of it is left, and the next one may come.
   *
   * @param owed answers to what was sent before
   * @returns whether the session still lives
   */
  reset(owed: number): Promise<boolean> {
    let left = owed + 3;
    return new Promise((resolve) => {
      this.ended = () => resolve(false);
      this.hears = (messages) => {
        left -= messages.filter(({ type }) => type === 'Z').length;
        if (left === 0) resolve(true);
      };
      this.write(Buffer.concat([wireMessage('S', Buffer.alloc(0)), query('rollback'), query('discard all')]));
    });
  }
}

/** A message that asks for a statement. */
export function query(text: string): Buffer {
  return wireMessage('Q', Buffer.from(`${text}\0`));
}
