import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection that a test writes to as it likes. */
export interface RawLine {
  readonly socket: Socket;
  /** The status codes of the answers so far. */
  statuses(): number[];
  /** Settles when the server (or the test) has ended it, in whatever way. */
  readonly ended: Promise<void>;
}

export async function rawLine(port: number): Promise<RawLine> {
  const socket = connect(port, '127.0.0.1');
  const statuses: number[] = [];
  let rest = '';
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    for (const [, status] of rest.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/g)) statuses.push(Number(status));
    // What may still become a status line stays.
    rest = rest.slice(Math.max(rest.lastIndexOf('\r\n') + 2, rest.length - 64));
  });
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  await once(socket, 'connect');
  return { socket, statuses: () => statuses, ended };
}

/** The head of a request, without the empty line that would end it. */
export function head(method: string, path: string, token: string | null, headers: Record<string, string> = {}): string {
  const all = { host: '127.0.0.1', ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers };
  return `${method} ${path} HTTP/1.1\r\n${Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}`;
}
