import { and, eq } from 'drizzle-orm';
import * as z from 'zod/mini';
import { incomingEvents } from '../tables.ts';
import { digest } from '../webhooks/digest.ts';
import { consumer } from './consumer.ts';

const Received = z.object({ tenant: z.string(), source: z.string(), eventId: z.string() });

/** Works on an event that was kept when it came. */
export const incoming = consumer(Received, async ({ db, clock }, { tenant, source, eventId }) => {
  const own = and(
    ...[eq(incomingEvents.tenant, tenant), eq(incomingEvents.source, source), eq(incomingEvents.eventId, eventId)],
  );
  const [event] = await db.select().from(incomingEvents).where(own);
  if (event === undefined) return { verdict: 'dead', reason: 'there is no such event' };
  const result = await digest(db, event, clock());
  // The webhook of a payout may be faster than the answer that brings its id.
  if (result.kind === 'later') return { verdict: 'later', reason: result.note };
  const { kind, note } = result;
  await db.update(incomingEvents).set({ status: kind, note, processedAt: clock() }).where(own);
  return { verdict: 'done', note };
});
