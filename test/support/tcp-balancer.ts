import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/**
 * A TCP proxy on 127.0.0.1 in front of several ports of it: each new connection goes to the next one. It retries
 * nothing: who comes to a port where nobody listens is cut off, and so is everybody when the other side dies.
 */
export interface TcpBalancer {
  readonly port: number;
  /** Where new connections go, in turn; may be changed at any time, for a switch-over. */
  ports: readonly number[];
  /** Connections open now. */
  readonly open: number;
  /** Resets about this share of the open connections, from 0 to 1, both ways; gives how many. */
  reset(share: number, random: () => number): number;
  /** Nothing more passes on about this share of the open connections, which stay open; gives how many. */
  stall(share: number, random: () => number): number;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export async function startTcpBalancer(ports: readonly number[]): Promise<TcpBalancer> {
  const pairs = new Set<Pair>();
  let next = 0;
  // Who has said everything may still listen: ending is passed on, side by side.
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const target = balancer.ports[next++ % balancer.ports.length];
    if (target === undefined) return void client.destroy();
    const server = connect({ host: '127.0.0.1', port: target, noDelay: true, allowHalfOpen: true });
    client.setNoDelay(true);
    const pair = { client, server };
    pairs.add(pair);
    const cut = () => {
      pairs.delete(pair);
      if (!client.destroyed) client.resetAndDestroy();
      if (!server.destroyed) server.resetAndDestroy();
    };
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', cut);
      // Gone without an end: reset. What it said before an end is still delivered, by the pipe.
      from.once('close', () => {
        if (!from.readableEnded) cut();
      });
      from.pipe(to);
    }
    Promise.all([once(client, 'close'), once(server, 'close')]).then(
      () => pairs.delete(pair),
      () => {},
    );
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  const some = (share: number, random: () => number, treat: (pair: Pair) => void) => {
    const chosen = [...pairs].filter(() => random() < share);
    for (const pair of chosen) treat(pair);
    return chosen.length;
  };
  const resetPair = ({ client, server }: Pair) => {
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const balancer: TcpBalancer = {
    ports,
    get port() {
      const address = listener.address();
      if (address === null || typeof address === 'string') throw new Error('the balancer is closed');
      return address.port;
    },
    get open() {
      return pairs.size;
    },
    reset: (share, random) => some(share, random, resetPair),
    stall: (share, random) =>
      some(share, random, ({ client, server }) => {
        client.unpipe(server).pause();
        server.unpipe(client).pause();
      }),
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      for (const pair of pairs) resetPair(pair);
      await closed;
    },
  };
  return balancer;
}
