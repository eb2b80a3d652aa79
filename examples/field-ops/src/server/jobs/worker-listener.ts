import { timingSafeEqual } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { JobWorker } from './job-worker.ts';

export interface WorkerListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Where a worker of its own says how it is: `/healthz`, `/readyz`, `/metrics`. Ready is whoever reaches the queues. */
export function listenForHealth(
  worker: JobWorker,
  { port, host, metricsToken }: { port: number; host: string; metricsToken: string | undefined },
): Promise<WorkerListener> {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', (c) => (worker.isHealthy() ? c.json({ status: 'ready' }) : c.json({ status: 'stuck' }, 503)));
  app.get('/metrics', async (c) => {
    if (metricsToken !== undefined && !isToken(c.req.header('authorization'), metricsToken))
      return c.text('a token is wanted', 401, { 'WWW-Authenticate': 'Bearer' });
    return c.text(await worker.metrics.metrics(), 200, { 'Content-Type': worker.metrics.contentType });
  });
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: host }, (address) =>
      resolve({
        port: address.port,
        close: () => new Promise((closed) => void server.close(() => closed())),
      }),
    );
    server.once('error', reject);
  });
}

function isToken(header: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
