import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FieldOpsProcess, startFieldOpsProcess } from './field-ops-process.ts';
import { freePort } from './free-port.ts';
import { startTcpBalancer, type TcpBalancer } from './tcp-balancer.ts';

/** Several nodes of the field operation on one database, each a process of its own, behind one balancer. */
export interface NodeCluster {
  readonly url: string;
  readonly balancer: TcpBalancer;
  readonly nodes: readonly FieldOpsProcess[];
  /** Whether its process still listens: a node must outlive whatever happens around it. */
  isUp(node: FieldOpsProcess): Promise<boolean>;
  /** Kills a node at once and starts it again after a pause, however often it takes: its database may be away. */
  bounce(node: FieldOpsProcess, pauseMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** How long a node may take to come up while the world around it falls apart. */
const longestStartMs = 300_000;

/** @param environment variables of the operation, for every node the same */
export async function startNodeCluster(count: number, environment: Record<string, string>): Promise<NodeCluster> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  // All at once: they have to agree on who migrates and who loads the day.
  const nodes = await Promise.all(ports.map((port) => startFieldOpsProcess(port, environment)));
  const balancer = await startTcpBalancer(ports);
  return {
    url: `http://127.0.0.1:${balancer.port}`,
    balancer,
    nodes,
    isUp: ({ port }) =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port });
        socket.once('error', () => resolve(false));
        socket.once('connect', () => {
          socket.destroy();
          resolve(true);
        });
      }),
    async bounce(node, pauseMs) {
      await node.kill();
      await sleep(pauseMs);
      const deadline = Date.now() + longestStartMs;
      for (;;) {
        try {
          return await node.start();
        } catch (error) {
          if (Date.now() > deadline) throw error;
          await sleep(200);
        }
      }
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
      await balancer.close();
    },
  };
}
