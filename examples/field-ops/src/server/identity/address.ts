import type { ApiEnv } from '@ekbaar/server';
import type { Context } from 'hono';

/**
 * Whose address tries are counted of: the one that the outermost proxy of ours has seen. What stands further left in
 * `X-Forwarded-For` anybody can make up. Of IPv6 the network, which is one customer's.
 */
export function addressOf(c: Context<ApiEnv>, proxies: number): string {
  const socket = c.env?.incoming?.socket?.remoteAddress ?? 'unknown';
  const forwarded = (c.req.header('X-Forwarded-For') ?? '').split(',').map((address) => address.trim());
  const address = (proxies > 0 ? forwarded.at(-proxies) : undefined) || socket;
  return networkOf(address.slice(0, 64));
}

function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const groups = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const missing = plain.includes('::') ? Math.max(0, 8 - groups.length - after.length) : 0;
  const all = [...groups, ...Array.from({ length: missing }, () => '0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
