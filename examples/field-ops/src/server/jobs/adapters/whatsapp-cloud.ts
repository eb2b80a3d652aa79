import * as z from 'zod/mini';
import { ask } from '../answers.ts';
import type { HttpCall } from '../http-call.ts';
import { gatewayNumber } from '../phone-number.ts';
import type { Answer, WhatsAppPort } from '../port.ts';

const text = z.string().check(z.minLength(1), z.maxLength(2000));

export const WhatsAppConfig = z.object({
  kind: z.literal('cloud-api'),
  baseUrl: z._default(z.url(), 'https://graph.facebook.com/v23.0'),
  phoneNumberId: text,
  accessToken: text,
  /** A template of the category "utility", whose body has as many variables as there are texts below. */
  template: text,
  language: z._default(text, 'en'),
  /** For what WhatsApp tells us: the app's secret, and the token of the verification request. */
  appSecret: z.optional(text),
  verifyToken: z.optional(text),
});
export type WhatsAppConfig = z.infer<typeof WhatsAppConfig>;

/** Error codes that say "slower": 4 and 80007 (calls), 130429 (throughput), 131056 (this recipient), 131016 and 2 (down). */
const later = [2, 4, 80007, 130429, 131016, 131056];

const Taken = z.object({ messages: z.array(z.object({ id: z.string() })) });
const No = z.object({ error: z.object({ code: z.number(), message: z.optional(z.string()) }) });

/**
 * WhatsApp's Cloud API: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages. It knows no
 * idempotency keys and cannot be asked: after an unknown outcome the message is not sent again. Its own status webhook
 * brings back `biz_opaque_callback_data`, our key, and so tells what became of it.
 */
export function whatsAppCloud(config: WhatsAppConfig, call: HttpCall, clock: () => Date): WhatsAppPort {
  return {
    provider: 'whatsapp',
    afterUnknown: 'stop',
    async act({ to, variables }, { key, signal }) {
      const number = gatewayNumber(to);
      if (number === undefined) return { outcome: 'refused', detail: 'The phone number is not an Indian one' };
      const body = {
        messaging_product: 'whatsapp',
        recipient_type: 'individual',
        to: number,
        type: 'template',
        template: {
          name: config.template,
          language: { code: config.language },
          components: [{ type: 'body', parameters: variables.map((value) => ({ type: 'text', text: value })) }],
        },
        biz_opaque_callback_data: key,
      };
      return ask(
        call,
        {
          method: 'POST',
          url: `${config.baseUrl}/${encodeURIComponent(config.phoneNumberId)}/messages`,
          headers: { 'content-type': 'application/json', authorization: `Bearer ${config.accessToken}` },
          body: JSON.stringify(body),
          signal,
        },
        {
          shown: `template ${config.template}`,
          now: clock(),
          read(json): Answer | undefined {
            const id = Taken.safeParse(json).data?.messages[0]?.id;
            return id === undefined ? undefined : { outcome: 'done', providerId: id };
          },
          readNo(json): Answer | undefined {
            const code = No.safeParse(json).data?.error.code;
            return code !== undefined && later.includes(code)
              ? { outcome: 'retry', detail: `WhatsApp error ${code}` }
              : undefined;
          },
        },
      );
    },
  };
}
