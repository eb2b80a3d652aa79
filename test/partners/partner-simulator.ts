import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { type Treatment, treatmentOf } from './misbehaviour.ts';

/** Something that a provider has really done. */
export interface Effect {
  readonly party: string;
  /** Whose order it was: the second part of the path. */
  readonly tenant: string;
  /** What it was asked under; empty for one that knows no keys. */
  readonly key: string;
  /** What it did: the text of a message, the account of a payout. */
  readonly what: string;
  readonly to: string;
  /** Money that it moved, in paise; 0 for a message. */
  readonly paise: number;
}

export interface Heard {
  readonly endpoint: string;
  readonly webhookId: string;
  readonly body: string;
  /** Whether the signature was one of the endpoint's secret. */
  readonly valid: boolean;
}

/** An event that a bank sends, twice and in any order. */
interface Event {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface SimulatorOptions {
  readonly random: () => number;
  /** Which share of requests is treated badly. */
  readonly share: number;
  /** Numbers that the gateways refuse for good. */
  readonly refuses: (to: string) => boolean;
  readonly secrets: { readonly razorpay: string; readonly stripe: string; readonly whatsapp: string };
}

/**
 * Everything outside, as one server that misbehaves, at `/{party}/{tenant}`: SMS gateways (one that knows keys, one that can only be asked), the
 * WhatsApp Cloud API, RazorpayX, Stripe, and endpoints of MFIs. It keeps what it has really done.
 */
export class PartnerSimulator {
  readonly effects: Effect[] = [];
  readonly heard: Heard[] = [];
  /** How requests were treated. */
  readonly treatments = new Map<Treatment, number>();
  /** Secrets of endpoints, by the last part of their path. */
  readonly endpointSecrets = new Map<string, string>();
  /** Where the banks send their events; tenant is in the path. */
  incomingUrl = '';
  readonly #options: SimulatorOptions;
  readonly #byKey = new Map<string, Effect>();
  readonly #server = createServer((request, answer) => void this.#serve(request, answer).catch(() => answer.destroy()));
  readonly #sends: Promise<unknown>[] = [];

  constructor(options: SimulatorOptions) {
    this.#options = options;
  }

  /** Its address. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** All events have arrived. */
  async settled(): Promise<void> {
    await Promise.all(this.#sends);
  }

  async #serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString();
    const url = new URL(request.url ?? '/', 'http://simulator');
    const treatment = treatmentOf(this.#options.random, this.#options.share);
    this.treatments.set(treatment, (this.treatments.get(treatment) ?? 0) + 1);
    // To a webhook any 2xx is a yes, by the specification: a page in front of an endpoint comes as 502.
    const html = url.pathname.startsWith('/hook/') ? 502 : 200;
    if (treatment.startsWith('before:')) return this.#misbehave(treatment, answer, html);
    if (treatment === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
    const { status, json } = this.#act(request, url, body);
    if (treatment.startsWith('after:')) return this.#misbehave(treatment, answer, html);
    answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  }

  #misbehave(treatment: Treatment, answer: ServerResponse, html: 200 | 502): void {
    const how = treatment.split(':')[1];
    if (how === 'reset') answer.socket?.resetAndDestroy();
    else if (how === 'html')
      answer.writeHead(html, { 'content-type': 'text/html' }).end('<html>Welcome to our Wi-Fi</html>');
    else if (how === '429') answer.writeHead(429, { 'retry-after': '1' }).end('{"error":"slower"}');
    else if (how !== 'hang') answer.writeHead(Number(how)).end('{"error":"oops"}');
  }

  #act(request: IncomingMessage, url: URL, body: string): { status: number; json: object } {
    const [, party = '', tenant = '', name = ''] = url.pathname.split('/');
    const header = (of: string) => String(request.headers[of] ?? '');
    if (party === 'hook') return this.#hear(tenant, header, body);
    if (party === 'whatsapp') return this.#whatsapp(tenant, body);
    const { method } = request;
    if (party === 'razorpay') return this.#razorpay(tenant, method, url, header('x-payout-idempotency'), body);
    if (party === 'stripe') return this.#stripe(tenant, method, url, header('idempotency-key'), body);
    if (method === 'GET') {
      const found = this.#find(party, name);
      return found === undefined
        ? { status: 404, json: { error: 'no such message' } }
        : { status: 200, json: { id: `m-${name}` } };
    }
    const sms = JSON.parse(body) as { to: string; text: string; ref: string };
    if (this.#options.refuses(sms.to)) return { status: 422, json: { error: 'no such number' } };
    // One knows keys; the other does whatever it is told, as often as it is told.
    if (party !== 'keyed' || this.#find(party, sms.ref) === undefined)
      this.#do({ party, tenant, key: sms.ref, what: sms.text, to: sms.to, paise: 0 });
    return { status: 200, json: { id: `m-${sms.ref}` } };
  }

  #find(party: string, key: string): Effect | undefined {
    return this.#byKey.get(`${party} ${key}`);
  }

  #do(effect: Effect): void {
    this.effects.push(effect);
    const name = `${effect.party} ${effect.key}`;
    if (!this.#byKey.has(name)) this.#byKey.set(name, effect);
  }

  #hear(endpoint: string, header: (name: string) => string, body: string): { status: number; json: object } {
    const secret = this.endpointSecrets.get(endpoint) ?? 'whsec_AAAA';
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    let valid = true;
    try {
      new Webhook(secret).verify(body, Object.fromEntries(names.map((name) => [name, header(name)])));
    } catch {
      valid = false;
    }
    this.heard.push({ endpoint, webhookId: header('webhook-id'), body, valid });
    return { status: valid ? 200 : 401, json: {} };
  }

  #whatsapp(tenant: string, body: string): { status: number; json: object } {
    const {
      to,
      template,
      biz_opaque_callback_data: key,
    } = JSON.parse(body) as {
      to: string;
      biz_opaque_callback_data: string;
      template: { components: { parameters: { text: string }[] }[] };
    };
    const what = template.components[0]?.parameters.map(({ text }) => text).join(' ') ?? '';
    this.#do({ party: 'whatsapp', tenant, key: '', what, to, paise: 0 });
    const id = `wamid.${randomUUID()}`;
    this.#tellWhatsApp(tenant, id, key);
    return { status: 200, json: { messaging_product: 'whatsapp', messages: [{ id }] } };
  }

  #razorpay(
    tenant: string,
    method: string | undefined,
    url: URL,
    key: string,
    body: string,
  ): { status: number; json: object } {
    if (method === 'GET') {
      const reference = url.searchParams.get('reference_id') ?? '';
      const found = this.#find('razorpay', reference);
      return {
        status: 200,
        json: { entity: 'collection', items: found === undefined ? [] : [razorpayPayout(found, 'processing')] },
      };
    }
    const order = JSON.parse(body) as {
      fund_account_id: string;
      amount: number;
      reference_id: string;
      narration: string;
    };
    let effect = this.#find('razorpay', key);
    if (effect === undefined) {
      const what = `${order.narration} ${order.amount}`;
      effect = { party: 'razorpay', tenant, key, what, to: order.fund_account_id, paise: order.amount };
      this.#do(effect);
      this.#tellRazorpay(effect);
    }
    return { status: 200, json: razorpayPayout(effect, 'processing') };
  }

  #stripe(
    tenant: string,
    method: string | undefined,
    url: URL,
    key: string,
    body: string,
  ): { status: number; json: object } {
    if (method === 'GET') {
      // The newest first, a page at a time, as Stripe lists them.
      const all = this.effects.filter(({ party }) => party === 'stripe').toReversed();
      const after = url.searchParams.get('starting_after');
      const from = after === null ? 0 : all.findIndex((effect) => stripeId(effect) === after) + 1;
      const page = all.slice(from, from + Number(url.searchParams.get('limit') ?? 10));
      const data = page.map((effect) => stripePayout(effect, 'pending'));
      return {
        status: 200,
        json: { object: 'list', data, has_more: from + page.length < all.length, url: url.pathname },
      };
    }
    const order = new URLSearchParams(body);
    let effect = this.#find('stripe', key);
    if (effect === undefined) {
      const what = `${order.get('statement_descriptor')} ${order.get('amount')}`;
      const paise = Number(order.get('amount'));
      effect = { party: 'stripe', tenant, key, what, to: order.get('destination') ?? '', paise };
      this.#do(effect);
      this.#tellStripe(effect);
    }
    return { status: 200, json: stripePayout(effect, 'pending') };
  }

  #tellRazorpay(effect: Effect): void {
    const now = Math.floor(new Date().getTime() / 1000);
    const statuses = ['queued', 'processing', 'processed'];
    const events = statuses.map((status, at) => {
      const entity = razorpayPayout(effect, status);
      const body = JSON.stringify({ event: `payout.${status}`, created_at: now + at, payload: { payout: { entity } } });
      const signature = createHmac('sha256', this.#options.secrets.razorpay).update(body).digest('hex');
      const headers = { 'x-razorpay-signature': signature, 'x-razorpay-event-id': `${effect.key}-${status}` };
      return { url: `${this.incomingUrl}/${effect.tenant}/razorpay`, headers, body };
    });
    this.#sendShuffled(events);
  }

  #tellStripe(effect: Effect): void {
    const now = Math.floor(new Date().getTime() / 1000);
    const events = ['pending', 'in_transit', 'paid'].map((status, at) => {
      const type = status === 'paid' ? 'payout.paid' : 'payout.updated';
      const body = JSON.stringify({
        id: `evt_${effect.key}_${status}`,
        type,
        created: now + at,
        data: { object: stripePayout(effect, status) },
      });
      const signature = createHmac('sha256', this.#options.secrets.stripe).update(`${now}.${body}`).digest('hex');
      return {
        url: `${this.incomingUrl}/${effect.tenant}/stripe`,
        headers: { 'stripe-signature': `t=${now},v1=${signature}` },
        body,
      };
    });
    this.#sendShuffled(events);
  }

  #tellWhatsApp(tenant: string, id: string, key: string): void {
    const events = ['sent', 'delivered'].map((status) => {
      const statuses = [{ id, status, timestamp: '1', biz_opaque_callback_data: key }];
      const body = JSON.stringify({
        object: 'whatsapp_business_account',
        entry: [{ changes: [{ field: 'messages', value: { statuses } }] }],
      });
      const signature = createHmac('sha256', this.#options.secrets.whatsapp).update(body).digest('hex');
      return {
        url: `${this.incomingUrl}/${tenant}/whatsapp`,
        headers: { 'x-hub-signature-256': `sha256=${signature}` },
        body,
      };
    });
    this.#sendShuffled(events);
  }

  /** Each twice, in any order; what is not answered with 2xx is sent again, as the banks do. */
  #sendShuffled(events: readonly Event[]): void {
    const { random } = this.#options;
    const order = [...events, ...events].map((event) => ({ event, at: random() })).toSorted((a, b) => a.at - b.at);
    for (const { event, at } of order) this.#sends.push(this.#send(event, at * 500));
  }

  async #send({ url, headers, body }: Event, afterMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    for (let tries = 0; tries < 1000; tries++) {
      const sent = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      }).catch(() => undefined);
      if (sent?.ok === true) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`${url} never took an event`);
  }
}

function razorpayPayout({ key, to }: Effect, status: string): object {
  const utr = status === 'processed' ? `UTR${key.slice(0, 8)}` : null;
  return {
    id: `pout_${key.replaceAll('-', '')}`,
    entity: 'payout',
    fund_account_id: to,
    status,
    utr,
    reference_id: key,
  };
}

/** All of the key: of some thousand payouts two begin alike. */
function stripeId({ key }: Effect): string {
  return `po_${key.replaceAll('-', '')}`;
}

function stripePayout(effect: Effect, status: string): object {
  const { key, to } = effect;
  return { id: stripeId(effect), object: 'payout', destination: to, status, metadata: { ekbaar_key: key } };
}
