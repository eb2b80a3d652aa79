import { and, eq } from 'drizzle-orm';
import * as z from 'zod/mini';
import { developmentPort } from '../adapters/development.ts';
import { gone } from '../adapters/mfi-webhook.ts';
import { enqueue } from '../enqueue.ts';
import { derivedKey } from '../idempotency-key.ts';
import { endMessage, findMessage, openMessage } from '../message-store.ts';
import type { Answer, PartnerEvent, PartnerPort } from '../port.ts';
import { sendOnce } from '../send-once.ts';
import { outgoingMessages } from '../tables.ts';
import { endpointsFor, findEndpoint, noteEndpoint, signingSecrets } from '../webhooks/endpoint-store.ts';
import { consumer } from './consumer.ts';

/** The event that a confirmation is to its MFI. */
export const deliveryConfirmed = 'delivery.confirmed';

/** A job of `mfi-webhook`, as `confirmDelivery` makes it. */
const Event = z.looseObject({
  tenant: z.string(),
  key: z.uuid(),
  deliveryId: z.string(),
  mfiId: z.string(),
});

/** Makes one webhook for each endpoint of the MFI that wants to hear of it. */
export const mfiWebhook = consumer(Event, async (bench, job, handling) => {
  const { db, boss, clock, providers } = bench;
  const { tenant, key, ...data } = job;
  const body = JSON.stringify({ type: deliveryConfirmed, timestamp: handling.createdOn.toISOString(), data });
  const draft = { tenant, channel: 'webhook' as const, cause: key, deliveryId: job.deliveryId, mfiId: job.mfiId, body };
  const endpoints = await endpointsFor(db, tenant, job.mfiId, deliveryConfirmed);
  if (endpoints.length === 0) {
    if (!providers.development)
      return { verdict: 'done', note: `${job.mfiId} has no endpoint for ${deliveryConfirmed}` };
    const message = await openMessage(
      db,
      { ...draft, id: derivedKey(key, 'webhook:development'), recipient: job.mfiId },
      clock(),
    );
    const port = developmentPort<string>({ db, clock }, tenant, 'webhook', (said) => ({
      recipient: job.mfiId,
      body: said,
    }));
    return sendOnce(bench, message, port, message.body, handling);
  }
  // Together: a worker that dies in between leaves all of them or none.
  await db.transaction(async (tx) => {
    for (const { id: endpointId, url } of endpoints) {
      const id = derivedKey(key, `webhook:${endpointId}`);
      await openMessage(tx, { ...draft, id, endpointId, recipient: url }, clock());
      await enqueue(boss, tx, 'webhook', [{ id, data: { tenant, messageId: id } }]);
    }
  });
  return { verdict: 'done', note: `to ${endpoints.length} endpoints` };
});

const Delivery = z.object({ tenant: z.string(), messageId: z.uuid() });

/** Sends one event to one endpoint. */
export const webhook = consumer(Delivery, async (bench, { tenant, messageId }, handling) => {
  const { db, clock, providers } = bench;
  const message = await findMessage(db, { tenant, id: messageId });
  if (message?.endpointId == null) return { verdict: 'dead', reason: 'there is no such message' };
  const endpoint = await findEndpoint(db, { tenant, id: message.endpointId });
  if (endpoint?.enabled !== true) {
    const reason =
      endpoint === undefined
        ? 'its endpoint was removed'
        : `its endpoint is disabled: ${endpoint.disabledReason ?? 'by ops'}`;
    await endMessage(db, message, 'refused', reason, clock());
    return { verdict: 'dead', reason };
  }
  // Where the endpoint is now, not where it was: it may have moved because it failed there.
  if (message.recipient !== endpoint.url) {
    await db
      .update(outgoingMessages)
      .set({ recipient: endpoint.url })
      .where(and(eq(outgoingMessages.tenant, tenant), eq(outgoingMessages.id, messageId)));
  }
  const request = {
    url: endpoint.url,
    // Of the event, not of the endpoint: who has two endpoints hears of it twice and knows it.
    webhookId: `msg_${derivedKey(message.cause ?? message.id, 'webhook').replaceAll('-', '')}`,
    body: message.body,
    secrets: await signingSecrets(db, endpoint, clock()),
  };
  const port = noting(providers.partner, async (answer) => {
    const how = answer.outcome === 'done' ? 'worked' : answer.httpStatus === gone ? 'gone' : 'failed';
    await noteEndpoint(db, endpoint, how, clock());
  });
  return sendOnce(bench, message, port, request, handling);
});

/** The same port, which tells of each answer. */
function noting(port: PartnerPort, tell: (answer: Answer) => Promise<void>): PartnerPort {
  return {
    ...port,
    async act(request: PartnerEvent, how) {
      const answer = await port.act(request, how);
      await tell(answer);
      return answer;
    },
  };
}
