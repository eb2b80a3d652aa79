import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { WireFields, WireMessages } from './postgres-wire.ts';

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
    const statements = new Statements((statement) => sent.push(statement));
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
    client.on('data', (bytes: Buffer) => statements.add(bytes));
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

/** Knows the texts of the statements that a connection has prepared. */
class Statements {
  readonly #messages = new WireMessages('client');
  readonly #prepared = new Map<string, string>();
  readonly #tell: (statement: SentStatement) => void;

  constructor(tell: (statement: SentStatement) => void) {
    this.#tell = tell;
  }

  add(bytes: Buffer): void {
    for (const { type, body } of this.#messages.add(bytes)) this.#read(type, new WireFields(body));
  }

  #read(type: string, fields: WireFields): void {
    if (type === 'Q') this.#tell({ text: fields.text(), parameters: [] });
    if (type === 'P') this.#prepared.set(fields.text(), fields.text());
    if (type === 'B') {
      fields.text();
      const text = this.#prepared.get(fields.text()) ?? '';
      for (let formats = fields.short(); formats > 0; formats--) fields.short();
      this.#tell({ text, parameters: Array.from({ length: fields.short() }, () => fields.value()) });
    }
  }
}
