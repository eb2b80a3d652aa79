import * as z from 'zod/mini';
import { ask } from '../answers.ts';
import type { HttpCall } from '../http-call.ts';
import { gatewayNumber } from '../phone-number.ts';
import type { Answer, Sms, SmsPort, Trying } from '../port.ts';

const text = z.string().check(z.minLength(1), z.maxLength(2000));

/**
 * A gateway that takes an SMS, or an e-mail, over HTTP, whichever it is. In `url`, `statusUrl`, `headers` and `body` stand `{to}`
 * (91 and ten digits), `{text}` and `{key}`.
 */
export const HttpSmsConfig = z
  .object({
    kind: z.literal('http'),
    url: text,
    headers: z._default(z.record(z.string(), text), {}),
    /** Sent as JSON, or as a form. */
    body: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    encoding: z._default(z.enum(['json', 'form']), 'json'),
    /** The field of the answer that has the gateway's id of the message. */
    idField: z._default(text, 'id'),
    /**
     * What the gateway promises: `repeat`, that it sends a key once (the header `Idempotency-Key`, or wherever `{key}`
     * stands); `ask`, that `statusUrl` answers 404 for a key that it has not got; `stop`, nothing.
     */
    afterUnknown: z._default(z.enum(['repeat', 'ask', 'stop']), 'stop'),
    statusUrl: z.optional(text),
  })
  .check(
    z.refine(
      ({ afterUnknown, statusUrl }) => afterUnknown !== 'ask' || statusUrl !== undefined,
      'afterUnknown is "ask": set statusUrl, where it is asked',
    ),
  );
export type HttpSmsConfig = z.infer<typeof HttpSmsConfig>;

/** @param addressOf a recipient as the gateway wants it; undefined for one that is none */
export function httpSms(
  config: HttpSmsConfig,
  call: HttpCall,
  clock: () => Date,
  addressOf: (to: string) => string | undefined = gatewayNumber,
): SmsPort {
  const read = (json: object): Answer | undefined => {
    const id: unknown = (json as Record<string, unknown>)[config.idField];
    return typeof id === 'string' || typeof id === 'number' ? { outcome: 'done', providerId: String(id) } : undefined;
  };
  const { statusUrl } = config;
  return {
    provider: new URL(config.url).hostname,
    afterUnknown: config.afterUnknown,
    async act({ to, text: said }: Sms, { key, signal }: Trying) {
      const number = addressOf(to);
      if (number === undefined) return { outcome: 'refused', detail: 'That is no address of this kind' };
      const values = { to: number, text: said, key };
      const body = Object.entries(config.body).map(([name, value]) => [
        name,
        typeof value === 'string' ? filled(value, values) : value,
      ]);
      const json = config.encoding === 'json';
      return ask(
        call,
        {
          method: 'POST',
          url: filled(config.url, values, encodeURIComponent),
          headers: {
            'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
            'idempotency-key': key,
            ...Object.fromEntries(Object.entries(config.headers).map(([name, value]) => [name, filled(value, values)])),
          },
          body: json
            ? JSON.stringify(Object.fromEntries(body))
            : new URLSearchParams(body.map(([name, value]) => [String(name), String(value)])).toString(),
          signal,
        },
        { shown: `key ${key}`, now: clock(), read },
      );
    },
    ...(statusUrl === undefined
      ? {}
      : {
          find: ({ to, text: said }: Sms, { key, signal }: Trying) =>
            ask(
              call,
              {
                method: 'GET',
                url: filled(statusUrl, { to: addressOf(to) ?? '', text: said, key }, encodeURIComponent),
                headers: config.headers,
                signal,
              },
              {
                ...{ shown: `key ${key}`, now: clock(), read },
                readNo: (_json, status) => (status === 404 ? { outcome: 'absent' } : undefined),
              },
            ),
        }),
  };
}

function filled(template: string, values: Record<string, string>, encode = (value: string) => value): string {
  return template.replaceAll(/\{(to|text|key)\}/g, (_all, name: string) => encode(values[name] ?? ''));
}
