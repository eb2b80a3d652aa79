import { Webhook } from 'standardwebhooks';
import { excerpt, retryAfterMs } from '../answers.ts';
import { CallFailed, type HttpCall } from '../http-call.ts';
import type { PartnerPort } from '../port.ts';

/** The endpoint said that it is no more: it is not called again. */
export const gone = 410;

/**
 * An event to an MFI's endpoint, signed by the Standard Webhooks specification
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): a repeat has the same
 * `webhook-id` and a new timestamp. Anything but 2xx is a no for now, redirects too; 410 is a no for good.
 *
 * @param call one that checks the address: the URL came from outside
 */
export function mfiWebhook(call: HttpCall, clock: () => Date): PartnerPort {
  return {
    provider: 'webhook',
    afterUnknown: 'repeat',
    async act({ url, webhookId, body, secrets }, { signal }) {
      const now = clock();
      const signatures = secrets.map((secret) => new Webhook(secret).sign(webhookId, now, body));
      const asked = { request: excerpt(`POST ${url} ${webhookId} ${body}`) };
      try {
        const { status, text, headers } = await call({
          method: 'POST',
          url,
          headers: {
            'content-type': 'application/json',
            'webhook-id': webhookId,
            'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
            'webhook-signature': signatures.join(' '),
          },
          body,
          signal,
        });
        const seen = { ...asked, httpStatus: status, answer: excerpt(text) };
        if (status >= 200 && status < 300) return { ...seen, outcome: 'done' };
        if (status === gone) return { ...seen, outcome: 'refused', detail: 'HTTP 410: the endpoint is no more' };
        return {
          ...seen,
          ...{ outcome: 'retry', detail: `HTTP ${status}`, afterMs: retryAfterMs(headers['retry-after'], now) },
        };
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        if (error.refused) return { ...asked, outcome: 'refused', detail: error.message };
        return { ...asked, outcome: error.sent ? 'unknown' : 'retry', detail: error.message };
      }
    },
  };
}
