import { createHmac, timingSafeEqual } from 'node:crypto';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

/** What came, as it came: a signature is over bytes, not over what they mean. */
export interface SignedRequest {
  readonly body: Buffer;
  readonly header: (name: string) => string | undefined;
}

/** Whether a request was signed with one of these secrets. */
export type Verify = (request: SignedRequest, secrets: readonly string[], now: Date) => boolean;

const hmac = (secret: string, ...parts: (string | Buffer)[]) => {
  const hash = createHmac('sha256', secret);
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `X-Razorpay-Signature`: hex HMAC of the body. https://razorpay.com/docs/webhooks/validate-test/ */
export const razorpaySignature: Verify = ({ body, header }, secrets) => {
  const given = header('x-razorpay-signature') ?? '';
  return secrets.some((secret) => same(given, hmac(secret, body)));
};

/** `X-Hub-Signature-256`: `sha256=` and the hex HMAC of the body, with the app's secret. */
export const whatsAppSignature: Verify = ({ body, header }, secrets) => {
  const given = header('x-hub-signature-256') ?? '';
  return secrets.some((secret) => same(given, `sha256=${hmac(secret, body)}`));
};

/** As Stripe's own libraries have it: an older one may be somebody's recording. */
const toleranceSeconds = 300;

/** `Stripe-Signature`: `t=…,v1=…,v1=…`, over the time, a dot and the body. https://docs.stripe.com/webhooks/signature */
export const stripeSignature: Verify = ({ body, header }, secrets, now) => {
  const parts = (header('stripe-signature') ?? '').split(',').map((part) => part.split('=') as [string, string?]);
  const time = parts.find(([name]) => name === 't')?.[1] ?? '';
  if (!/^\d{1,12}$/.test(time) || Math.abs(now.getTime() / 1000 - Number(time)) > toleranceSeconds) return false;
  const given = parts.filter(([name]) => name === 'v1').map(([, value = '']) => value);
  return secrets.some((secret) => given.some((one) => same(one, hmac(secret, `${time}.`, body))));
};

/** The Standard Webhooks specification, with its five minutes of tolerance by the machine's clock. */
export const standardSignature: Verify = ({ body, header }, secrets) => {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
  const headers = Object.fromEntries(names.map((name) => [name, header(name) ?? '']));
  return secrets.some((secret) => {
    try {
      new Webhook(secret).verify(body, headers, { jsonParse: false });
      return true;
    } catch (error) {
      if (error instanceof WebhookVerificationError) return false;
      throw error;
    }
  });
};
