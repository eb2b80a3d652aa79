import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { guardConnections } from './connection-guard.ts';
import type { Limits } from './limits.ts';

/** A cursor of hundreds of scopes travels in the URL of a pull; Node's own limit is 16 KiB. */
const maxHeaderSize = 1024 * 1024;
/** A browser behind two proxies sends some thirty. */
const maxHeadersCount = 100;
/** How often Node looks for requests whose time is up. */
const connectionsCheckingInterval = 1000;
/** How long requests that are under way get to end when the server closes. */
const graceMs = 20_000;

/** Where a server listens. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections and answers what is under way; who has not taken the answer after a while is cut off. */
  close(): Promise<void>;
}

/** Listens for HTTP/1.1, within the limits of time, number and memory that one node has for its connections. */
export async function listen(
  fetch: Parameters<typeof getRequestListener>[0],
  { port, host }: { port: number; host: string },
  limits: Limits,
): Promise<Listener> {
  const handle = getRequestListener(fetch, { hostname: host });
  const server = createServer(
    {
      maxHeaderSize,
      headersTimeout: limits.headersMs,
      requestTimeout: Math.max(limits.requestMs, limits.headersMs),
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval,
      // Finds out about phones that left without a word.
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    },
    (incoming, outgoing) => void handle(incoming, outgoing),
  );
  server.maxHeadersCount = maxHeadersCount;
  server.maxConnections = limits.connections;
  guardConnections(server, limits);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server, sockets) };
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  // Node closes those that are idle now; one whose answer promised to stay open becomes idle later.
  const idle = setInterval(() => {
    server.closeIdleConnections();
    // Opened in advance and never used: to Node, a request that has not come yet is under way.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, 50);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  clearTimeout(cut);
  clearInterval(idle);
}
