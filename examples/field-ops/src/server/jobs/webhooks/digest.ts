import type { Queryable } from '@ekbaar/server';
import * as z from 'zod/mini';
import { RazorpayPayout, razorpayReport } from '../adapters/razorpay-payouts.ts';
import { keyName, StripePayout, stripeReport } from '../adapters/stripe-payouts.ts';
import { reportMessage } from '../message-store.ts';
import { isUuid } from '../../values.ts';
import { reportPayout } from '../payout-store.ts';
import type { incomingEvents } from '../tables.ts';

export type IncomingEvent = Pick<typeof incomingEvents.$inferSelect, 'tenant' | 'source' | 'eventId' | 'type' | 'body'>;

/** `later`: what it is about is not known yet. */
export interface Digested {
  readonly kind: 'processed' | 'ignored' | 'later';
  readonly note: string;
}

/**
 * What an event changes. Events are doubled, late and out of order: what they are about decides by its own state whether
 * they are news.
 */
export function digest(db: Queryable, event: IncomingEvent, now: Date): Promise<Digested> {
  if (event.source === 'razorpay') return razorpay(db, event);
  if (event.source === 'stripe') return stripe(db, event);
  if (event.source === 'whatsapp') return whatsapp(db, event, now);
  if (event.source === 'sms') return smsReport(db, event, now);
  if (event.source.startsWith('mfi:')) return mfi(db, event, now);
  return Promise.resolve({ kind: 'ignored', note: `nobody knows the source ${event.source}` });
}

const seconds = z.number().check(z.nonnegative(), z.maximum(1e11));
const at = (epochSeconds: number) => new Date(epochSeconds * 1000);

const RazorpayEvent = z.object({
  event: z.string(),
  created_at: seconds,
  payload: z.object({ payout: z.object({ entity: RazorpayPayout }) }),
});

/** https://razorpay.com/docs/webhooks/payloads/x/: `payout.*`, in any order. */
async function razorpay(db: Queryable, { tenant, body, type }: IncomingEvent): Promise<Digested> {
  const event = RazorpayEvent.safeParse(body).data;
  if (event === undefined) return { kind: 'ignored', note: `${type} is no event of a payout` };
  const { entity } = event.payload.payout;
  const report = razorpayReport(entity);
  if (report === undefined) return { kind: 'ignored', note: `nobody knows the status ${entity.status}` };
  const news = { ...report, provider: 'razorpay', providerId: entity.id };
  return told(
    await reportPayout(db, tenant, entity.reference_id ?? undefined, news, at(event.created_at)),
    report.status,
  );
}

const StripeEvent = z.object({ created: seconds, data: z.object({ object: StripePayout }) });

/** https://docs.stripe.com/api/events: `payout.*`. */
async function stripe(db: Queryable, { tenant, body, type }: IncomingEvent): Promise<Digested> {
  const event = StripeEvent.safeParse(body).data;
  if (event === undefined) return { kind: 'ignored', note: `${type} is no event of a payout` };
  const { object } = event.data;
  const report = stripeReport(object);
  if (report === undefined) return { kind: 'ignored', note: `nobody knows the status ${object.status}` };
  const news = { ...report, provider: 'stripe', providerId: object.id };
  return told(await reportPayout(db, tenant, object.metadata?.[keyName], news, at(event.created)), report.status);
}

function told(what: 'unknown' | 'moved' | 'stale', status: string): Digested {
  if (what === 'unknown') return { kind: 'later', note: 'there is no such payout yet' };
  return {
    kind: 'processed',
    note: what === 'moved' ? `the payout is ${status}` : `it was known to be further than ${status}`,
  };
}

const WhatsAppStatus = z.object({
  id: z.string(),
  status: z.string(),
  biz_opaque_callback_data: z.optional(z.string()),
  errors: z.optional(z.array(z.looseObject({ title: z.optional(z.string()) }))),
});

/** One entry of `statuses`: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples. */
async function whatsapp(db: Queryable, { tenant, body }: IncomingEvent, now: Date): Promise<Digested> {
  const said = WhatsAppStatus.safeParse(body).data;
  const status = { sent: 'sent', delivered: 'delivered', read: 'delivered', failed: 'undelivered' } as const;
  const meant =
    said === undefined ? undefined : (status as Record<string, (typeof status)[keyof typeof status]>)[said.status];
  if (said === undefined || meant === undefined) return { kind: 'ignored', note: 'it is no status of a message' };
  const key = said.biz_opaque_callback_data;
  const by = key !== undefined && isUuid(key) ? { id: key } : { providerId: said.id, channel: 'whatsapp' as const };
  const failure = said.errors?.[0]?.title;
  const report = { status: meant, providerId: said.id, ...(failure === undefined ? {} : { failure }) };
  const known = await reportMessage(db, tenant, by, report, now);
  return known
    ? { kind: 'processed', note: `the message is ${meant}` }
    : { kind: 'later', note: 'there is no such message yet' };
}

/** What a gateway reports: `sms.delivered` or `sms.failed`, with our key or its own id. */
const SmsReport = z.object({
  type: z.enum(['sms.sent', 'sms.delivered', 'sms.failed']),
  data: z.object({ key: z.optional(z.string()), id: z.optional(z.string()), reason: z.optional(z.string()) }),
});

async function smsReport(db: Queryable, { tenant, body, type }: IncomingEvent, now: Date): Promise<Digested> {
  const said = SmsReport.safeParse(body).data;
  if (said === undefined) return { kind: 'ignored', note: `${type} is no report of an SMS` };
  const status = { 'sms.sent': 'sent', 'sms.delivered': 'delivered', 'sms.failed': 'undelivered' } as const;
  const { key, id, reason } = said.data;
  if ((key === undefined || !isUuid(key)) && id === undefined) return { kind: 'ignored', note: 'it names no message' };
  const by = key !== undefined && isUuid(key) ? { id: key } : { providerId: id ?? '', channel: 'sms' as const };
  const report = {
    status: status[said.type],
    ...(reason === undefined ? {} : { failure: reason }),
    ...(id === undefined ? {} : { providerId: id }),
  };
  const known = await reportMessage(db, tenant, by, report, now);
  return known ? { kind: 'processed', note: said.type } : { kind: 'later', note: 'there is no such message yet' };
}

/** What an MFI tells us: that it has taken an event into its own books. */
const Acknowledged = z.object({ type: z.literal('delivery.acknowledged'), data: z.object({ deliveryId: z.string() }) });

function mfi(_db: Queryable, { body, type }: IncomingEvent, _now: Date): Promise<Digested> {
  const said = Acknowledged.safeParse(body).data;
  // It is kept, and shown beside the delivery: there is nothing to change.
  return Promise.resolve(
    said === undefined
      ? { kind: 'ignored', note: `nothing here listens to ${type}` }
      : { kind: 'processed', note: `${said.data.deliveryId} is in its books` },
  );
}
