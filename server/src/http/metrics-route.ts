import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import type { Metrics } from '../observe/metrics.ts';
import { ProblemError } from '../problem.ts';

/** `GET /metrics`: open to whoever reaches it, or to who sends `token` as its bearer. */
export function metricsRoute(metrics: Metrics, token: string | undefined) {
  return async (c: Context): Promise<Response> => {
    if (token !== undefined && !isSame(c.req.header('Authorization') ?? '', `Bearer ${token}`))
      throw new ProblemError('unauthenticated', 'Send the header "Authorization: Bearer <metrics token>"');
    return c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' });
  };
}

/** In a time that does not tell how much of it fits. */
function isSame(sent: string, wanted: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(sent), hash(wanted));
}
