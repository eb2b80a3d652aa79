import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from './limits.ts';

const everyMs = 250;
/** Requests that may follow each other on a connection without waiting for answers. Clients of today send one; a flood sends all. */
const mostPipelined = 16;

/** What is known of one connection. */
interface Line {
  /** Bytes read when the headers of its next request may begin; null while a body comes, which is counted elsewhere. */
  headersFrom: number | null;
  /** Answers that are not taken yet, in their order: the first one's turn it is. */
  readonly answers: Set<ServerResponse>;
  /** How long the first one is being taken already. */
  takenMs: number;
}

/**
 * Watches what Node keeps in memory for connections and bounds by nothing but their number: headers half read, of up to
 * a mebibyte each, answers that are taken too slowly, and requests piled up on one connection. Over the limit of
 * memory, the connections that hold most are cut.
 */
export function guardConnections(server: Server, limits: Pick<Limits, 'pendingBytes' | 'answerMs'>): void {
  const lines = new Map<Socket, Line>();
  server.on('connection', (socket: Socket) => {
    lines.set(socket, { headersFrom: 0, answers: new Set(), takenMs: 0 });
    socket.once('close', () => lines.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const line = lines.get(socket);
    if (line === undefined) return;
    const hasBody = 'transfer-encoding' in request.headers || Number(request.headers['content-length'] ?? 0) > 0;
    line.headersFrom = hasBody ? null : socket.bytesRead;
    if (hasBody) request.once('close', () => (line.headersFrom = socket.bytesRead));
    line.answers.add(response);
    if (line.answers.size > mostPipelined) socket.destroy();
    response.once('close', () => {
      line.answers.delete(response);
      line.takenMs = 0;
    });
  });

  const look = () => {
    const held: { socket: Socket; bytes: number }[] = [];
    let sum = 0;
    for (const [socket, line] of lines) {
      const { headersFrom, answers } = line;
      const bytes = socket.writableLength + (headersFrom === null ? 0 : socket.bytesRead - headersFrom);
      if (bytes > 0) held.push({ socket, bytes });
      sum += bytes;
      const [answer] = answers;
      if (answer?.headersSent !== true || isEventStream(answer)) continue;
      line.takenMs += everyMs;
      if (line.takenMs >= limits.answerMs) socket.destroy();
    }
    if (sum <= limits.pendingBytes) return;
    for (const { socket, bytes } of held.toSorted((a, b) => b.bytes - a.bytes)) {
      socket.destroy();
      sum -= bytes;
      if (sum <= limits.pendingBytes) return;
    }
  };
  const timer = setInterval(look, everyMs).unref();
  server.once('close', () => clearInterval(timer));
}

/** These are watched by who writes them, and last for as long as a token. */
function isEventStream(response: ServerResponse): boolean {
  return response.getHeader('content-type') === 'text/event-stream';
}
