import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A statement as it was sent, with its parameters as text. */
export interface SentStatement {
  readonly text: string;
  readonly parameters: readonly (string | null)[];
}

export interface PostgresTap {
  /** The url that was given, by way of the tap. */
  readonly url: string;
  /** What was sent until now. */
  readonly sent: readonly SentStatement[];
  close(): Promise<void>;
}

/** Listens in on everything that clients send to the database of `url`: by PostgreSQL's own protocol, so nothing passes by. */
export async function startPostgresTap(url: string): Promise<PostgresTap> {
  const target = new URL(url);
  const sent: SentStatement[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    const messages = new Messages((statement) => sent.push(statement));
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
    client.setNoDelay(true);
    client.on('data', (bytes: Buffer) => messages.add(bytes));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port given');
  const tapped = new URL(url);
  tapped.hostname = '127.0.0.1';
  tapped.port = String(address.port);
  return {
    url: tapped.href,
    sent,
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

/** The frontend's half of the protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html */
class Messages {
  #rest = Buffer.alloc(0);
  /** The first message of a connection has no type. */
  #started = false;
  readonly #statements = new Map<string, string>();
  readonly #tell: (statement: SentStatement) => void;

  constructor(tell: (statement: SentStatement) => void) {
    this.#tell = tell;
  }

  add(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = this.#started ? 1 : 0;
      if (this.#rest.length < head + 4) return;
      const end = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < end) return;
      if (this.#started) this.#read(String.fromCharCode(this.#rest[0] ?? 0), this.#rest.subarray(5, end));
      this.#started = true;
      this.#rest = this.#rest.subarray(end);
    }
  }

  #read(type: string, body: Buffer): void {
    const at = new Reader(body);
    if (type === 'Q') this.#tell({ text: at.text(), parameters: [] });
    if (type === 'P') this.#statements.set(at.text(), at.text());
    if (type === 'B') {
      at.text();
      const text = this.#statements.get(at.text()) ?? '';
      for (let formats = at.short(); formats > 0; formats--) at.short();
      this.#tell({ text, parameters: Array.from({ length: at.short() }, () => at.value()) });
    }
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  short(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  value(): string | null {
    const length = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    if (length < 0) return null;
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}
