import { once } from 'node:events';
import { type Server, connect, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { startTcpBalancer, type TcpBalancer } from './tcp-balancer.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Says its name and then everything back; ends when the other side does. */
async function echo(name: string): Promise<{ port: number; server: Server }> {
  const port = await freePort();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(name);
    socket.pipe(socket);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => server.close());
  return { port, server };
}

async function balancerOf(...ports: number[]): Promise<TcpBalancer> {
  const balancer = await startTcpBalancer(ports);
  closing.push(() => balancer.close());
  return balancer;
}

/** All that comes back; undefined when the line was cut. */
async function ask(balancer: TcpBalancer, text: string | Buffer): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port: balancer.port, allowHalfOpen: true });
  socket.end(text);
  return buffer(socket).then(String, () => undefined);
}

test('connections go to the ports in turn, and every byte arrives', async () => {
  const [a, b] = [await echo('a'), await echo('b')];
  const balancer = await balancerOf(a.port, b.port);
  expect([await ask(balancer, '1'), await ask(balancer, '2'), await ask(balancer, '3')]).toEqual(['a1', 'b2', 'a3']);
  const large = Buffer.alloc(3_000_000, 'x');
  expect((await ask(balancer, large))?.length).toBe(large.length + 1);
  expect(balancer.open).toBe(0);
});

test('who comes to a port where nobody listens is cut off, and the next one is not', async () => {
  const a = await echo('a');
  const balancer = await balancerOf(await freePort(), a.port);
  expect([await ask(balancer, '1'), await ask(balancer, '2')]).toEqual([undefined, 'a2']);
});

test('a switch-over counts for new connections', async () => {
  const [a, b] = [await echo('a'), await echo('b')];
  const balancer = await balancerOf(a.port);
  expect(await ask(balancer, '1')).toBe('a1');
  balancer.ports = [b.port];
  expect(await ask(balancer, '2')).toBe('b2');
});

test('a reset ends both sides; on a stalled connection nothing more passes', async () => {
  const a = await echo('a');
  const balancer = await balancerOf(a.port);
  const open = async () => {
    const socket = connect({ host: '127.0.0.1', port: balancer.port });
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(String(greeting)).toBe('a');
    return socket;
  };
  const stalled = await open();
  expect(balancer.stall(1, () => 0)).toBe(1);
  stalled.on('data', () => expect.unreachable());
  stalled.write('anybody?');
  // Somebody else's line is as good as ever.
  expect(await ask(balancer, 'yes')).toBe('ayes');
  stalled.on('error', () => {});
  const gone = new Promise((resolve) => stalled.once('close', resolve));
  expect(balancer.reset(1, () => 0)).toBe(1);
  await gone;
});
