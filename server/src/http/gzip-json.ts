import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, Next } from 'hono';
import { accepts } from 'hono/accepts';

const compressed = promisify(gzip);

/**
 * Compresses JSON whole: the answer leaves in one piece, with its length. Streamed compression sends the head first, and
 * who loses the node before the rest has neither an answer nor, behind a proxy, a second try at the next node.
 */
export async function gzipJson(c: Context, next: Next): Promise<void> {
  await next();
  if (!/^application\/(problem\+)?json/.test(c.res.headers.get('Content-Type') ?? '')) return;
  c.header('Vary', 'Accept-Encoding', { append: true });
  if (accepts(c, { header: 'Accept-Encoding', supports: ['gzip'], default: 'identity' }) !== 'gzip') return;
  if (c.res.body === null || c.res.headers.has('Content-Encoding')) return;
  c.res = new Response(await compressed(await c.res.arrayBuffer()), c.res);
  c.header('Content-Encoding', 'gzip');
}
