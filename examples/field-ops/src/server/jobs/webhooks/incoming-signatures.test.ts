import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import {
  razorpaySignature,
  standardSignature,
  stripeSignature,
  type Verify,
  whatsAppSignature,
} from './incoming-signatures.ts';

const body = '{"event":"payout.processed"}';
const now = new Date();
const seconds = Math.floor(now.getTime() / 1000);
const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const hex = (of: string, key = secret) => createHmac('sha256', key).update(of).digest('hex');

const kinds: readonly (readonly [string, Verify, (said: string, key: string) => Record<string, string>])[] = [
  ['Razorpay', razorpaySignature, (said, key) => ({ 'x-razorpay-signature': hex(said, key) })],
  ['WhatsApp', whatsAppSignature, (said, key) => ({ 'x-hub-signature-256': `sha256=${hex(said, key)}` })],
  [
    'Stripe',
    stripeSignature,
    (said, key) => ({ 'stripe-signature': `t=${seconds},v1=${hex(`${seconds}.${said}`, key)},v0=x` }),
  ],
  [
    'Standard Webhooks',
    standardSignature,
    (said, key) => ({
      ...{ 'webhook-id': 'msg_1', 'webhook-timestamp': String(seconds) },
      'webhook-signature': new Webhook(key).sign('msg_1', now, said),
    }),
  ],
];
const other = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;
const request = (headers: Record<string, string>, said = body) => ({
  body: Buffer.from(said),
  header: (name: string) => headers[name],
});

describe.each(kinds)('%s', (_name, verify, sign) => {
  test('believes a signature over the bytes that came, with any of the secrets', () => {
    expect(verify(request(sign(body, secret)), [secret], now)).toBe(true);
    expect(verify(request(sign(body, secret)), [other, secret], now)).toBe(true);
  });

  test('believes nothing else', () => {
    expect(verify(request(sign(body, secret), `${body} `), [secret], now)).toBe(false);
    expect(verify(request(sign(body, other)), [secret], now)).toBe(false);
    expect(verify(request({}), [secret], now)).toBe(false);
    // Nobody has given a secret: that is no reason to believe everybody.
    expect(verify(request(sign(body, secret)), [], now)).toBe(false);
    const garbled = Object.fromEntries(Object.keys(sign(body, secret)).map((header) => [header, 'v1,']));
    expect(verify(request(garbled), [secret], now)).toBe(false);
  });
});

test('Stripe’s signature is good for five minutes, in either direction', () => {
  const signed = request({ 'stripe-signature': `t=${seconds},v1=${hex(`${seconds}.${body}`)}` });
  const after = (difference: number) => new Date(seconds * 1000 + difference * 1000);
  expect(stripeSignature(signed, [secret], after(299))).toBe(true);
  expect(stripeSignature(signed, [secret], after(301))).toBe(false);
  expect(stripeSignature(signed, [secret], after(-301))).toBe(false);
});
