/** The load generator, a process of its own: 'warm' when it has warmed up, and when told to go on, the measured part. */
import { once } from 'node:events';
import { Pool } from 'undici';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { bearerTokens } from '../support/bearer-tokens.ts';
import type { Limit, LoadMessage, LoadOrder, LoadResult } from './load-order.ts';
import { type Post, type Sender, senders } from './traffic.ts';

const requestLimitMs = 60_000;

try {
  const [order] = (await once(process, 'message')) as [LoadOrder];
  await tell({ type: 'done', result: await run(order) });
  process.disconnect();
} catch (error) {
  await tell({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exit(1);
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const pool = new Pool(order.url, {
    connections: order.connections,
    headersTimeout: requestLimitMs,
    bodyTimeout: requestLimitMs,
  });
  const post = poster(pool);
  const queue = shuffled(await senders(order.kind, order.slice, bearerTokens(order.secret)), order.seed);
  await inParallel(queue.values(), order.connections, async (sender) => sender.prepare?.(post));

  const left = queue.values();
  const warm = await phase(left, post, order.connections, order.warmUp);
  const go = once(process, 'message');
  await tell({ type: 'warm' });
  await go;
  const cpu = process.cpuUsage();
  const { confirmed, latencies, seconds } = await phase(left, post, order.connections, order.measured);
  const { user, system } = process.cpuUsage(cpu);
  await pool.close();
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.ceil(share * latencies.length) - 1] ?? 0;
  return {
    ...{ confirmedInAll: warm.confirmed + confirmed, confirmed, requests: latencies.length, seconds },
    ...{ p50: percentile(0.5), p95: percentile(0.95), cpuSeconds: (user + system) / 1e6 },
  };
}

/** Every connection takes a sender, lets it send all it has, and takes the next, until a limit is reached. */
async function phase(left: Iterator<Sender>, post: Post, connections: number, limit: Limit) {
  const latencies: number[] = [];
  let begun = 0;
  let confirmed = 0;
  const started = performance.now();
  const isOver = () => begun >= limit.confirmations || performance.now() - started >= limit.seconds * 1000;
  const connection = async () => {
    while (!isOver()) {
      const next = left.next();
      if (next.done === true) return;
      for (let at = 0; at < next.value.requests && !isOver(); at++) {
        const before = performance.now();
        const sent = next.value.send(post, at);
        begun += next.value.size;
        const applied = await sent;
        confirmed += applied;
        latencies.push(performance.now() - before);
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return { confirmed, latencies, seconds: (performance.now() - started) / 1000 };
}

function poster(pool: Pool): Post {
  return async (path, token, body, headers = {}) => {
    const answer = await pool.request({
      ...{ path, method: 'POST', body: JSON.stringify(body) },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`POST ${path}: ${answer.statusCode} ${text.slice(0, 1000)}`);
    return JSON.parse(text) as unknown;
  };
}

async function inParallel<T>(items: Iterator<T>, width: number, work: (item: T) => Promise<void>): Promise<void> {
  const worker = async () => {
    for (let next = items.next(); next.done !== true; next = items.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Agents and their requests come as they come, not region by region: the same order for all of a round. */
function shuffled<T>(items: T[], seed: number): T[] {
  const generator = xoroshiro128plus(seed);
  for (let at = items.length - 1; at > 0; at--) {
    const other = uniformInt(generator, 0, at);
    const [a, b] = [items[at], items[other]];
    if (a !== undefined && b !== undefined) [items[at], items[other]] = [b, a];
  }
  return items;
}

function tell(message: LoadMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) return reject(new Error('load-process.ts is started by load.ts'));
    process.send(message, undefined, {}, (error) => (error ? reject(error) : resolve()));
  });
}
