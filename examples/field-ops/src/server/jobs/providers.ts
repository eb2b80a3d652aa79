import { readFile } from 'node:fs/promises';
import type { Queryable } from '@ekbaar/server';
import * as z from 'zod/mini';
import { developmentPort } from './adapters/development.ts';
import { HttpSmsConfig, httpSms } from './adapters/http-sms.ts';
import { mfiWebhook } from './adapters/mfi-webhook.ts';
import { RazorpayConfig, razorpayPayouts } from './adapters/razorpay-payouts.ts';
import { StripeConfig, stripePayouts } from './adapters/stripe-payouts.ts';
import { WhatsAppConfig, whatsAppCloud } from './adapters/whatsapp-cloud.ts';
import { AddressGuard } from './address-guard.ts';
import { httpCall } from './http-call.ts';
import type { EmailPort, PartnerPort, PaymentPort, Sms, SmsPort, WhatsAppPort } from './port.ts';

const secret = z.string().check(z.minLength(8), z.maxLength(500));

const TenantConfig = z.strictObject({
  sms: z.optional(HttpSmsConfig),
  /** The same for e-mail, by the HTTP interface of a mail service. */
  email: z.optional(HttpSmsConfig),
  whatsapp: z.optional(WhatsAppConfig),
  payment: z.optional(z.discriminatedUnion('kind', [RazorpayConfig, StripeConfig])),
  /** How a customer hears of a confirmation: by default on every channel that is configured. */
  customer: z.optional(z.array(z.enum(['sms', 'whatsapp']))),
  /** What an SMS says, with `{operator}`, `{amount}` and `{receipt}`; India wants the words that were registered (DLT). */
  texts: z._default(z.object({ collection: z.optional(z.string()), disbursement: z.optional(z.string()) }), {}),
  /** Secrets (`whsec_…`) of those who send us Standard Webhooks: the SMS gateway's reports, and MFIs by their ids. */
  incoming: z._default(
    z.strictObject({
      sms: z._default(z.array(secret), []),
      mfi: z._default(z.record(z.string(), z.array(secret)), {}),
    }),
    { sms: [], mfi: {} },
  ),
});
export type TenantConfig = z.infer<typeof TenantConfig>;

/** The providers' file: tenant → what it uses. */
export const ProvidersConfig = z.record(z.string(), TenantConfig);
export type ProvidersConfig = z.infer<typeof ProvidersConfig>;

/** What one operator uses; a channel without a provider is absent. */
export interface TenantProviders {
  readonly sms?: SmsPort | undefined;
  readonly email?: EmailPort | undefined;
  readonly whatsapp?: WhatsAppPort | undefined;
  readonly payment?: PaymentPort | undefined;
  readonly customer: readonly ('sms' | 'whatsapp')[];
  readonly texts: Partial<Record<'collection' | 'disbursement', string | undefined>>;
}

export interface Providers {
  of(tenant: string): TenantProviders;
  /** Calls endpoints of MFIs. */
  readonly partner: PartnerPort;
  /** Where there is no endpoint, events go into `messages_sent`; in production they go nowhere. */
  readonly development: boolean;
}

export interface ProvidersOptions {
  readonly config: ProvidersConfig;
  /** Development: a channel without a provider goes into the table `messages_sent`. */
  readonly development: boolean;
  /** Ranges of addresses that endpoints of MFIs may have although they are not public. */
  readonly allowedAddresses: readonly string[];
  readonly db: Queryable;
  readonly clock: () => Date;
  /** Milliseconds that a call may take; 20,000 by default. */
  readonly timeoutMs?: number | undefined;
}

/** @throws TypeError for a range of addresses that is none */
export function openProviders({
  config,
  development,
  allowedAddresses,
  db,
  clock,
  timeoutMs,
}: ProvidersOptions): Providers {
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const call = httpCall(limit);
  const guarded = httpCall({ ...limit, guard: new AddressGuard(allowedAddresses) });
  const known = new Map<string, TenantProviders>();
  const open = (tenant: string): TenantProviders => {
    const given: Partial<TenantConfig> = Object.hasOwn(config, tenant) ? (config[tenant] ?? {}) : {};
    const { sms, email, whatsapp, payment } = given;
    const dev = { db, clock };
    const texts = (channel: 'sms' | 'email') =>
      development
        ? developmentPort<Sms>(dev, tenant, channel, ({ to, text }) => ({ recipient: to, body: text }))
        : undefined;
    const ports = {
      sms: sms === undefined ? texts('sms') : httpSms(sms, call, clock),
      email: email === undefined ? texts('email') : httpSms(email, call, clock, mailAddress),
      whatsapp: whatsapp === undefined ? undefined : whatsAppCloud(whatsapp, call, clock),
      payment:
        payment === undefined
          ? development
            ? developmentPort(dev, tenant, 'payout', ({ destination, amountPaise }) => ({
                recipient: destination,
                body: `${amountPaise} paise`,
              }))
            : undefined
          : payment.kind === 'razorpay'
            ? razorpayPayouts(payment, call, clock)
            : stripePayouts(payment, call, clock),
    } satisfies Omit<TenantProviders, 'customer' | 'texts'>;
    const configured = (['sms', 'whatsapp'] as const).filter((channel) => ports[channel] !== undefined);
    // Where nothing is configured the SMS is written down as skipped, so that nobody believes it was sent.
    return {
      ...ports,
      texts: given.texts ?? {},
      customer: given.customer ?? (configured.length > 0 ? configured : ['sms']),
    };
  };
  return {
    of(tenant) {
      const found = known.get(tenant) ?? open(tenant);
      known.set(tenant, found);
      return found;
    },
    partner: mfiWebhook(guarded, clock),
    development,
  };
}

function mailAddress(to: string): string | undefined {
  return /^[^\s@]+@[^\s@]+$/.test(to) ? to : undefined;
}

/**
 * Reads the providers' file.
 *
 * @param path undefined: nobody has configured any
 * @throws TypeError that names the variable, the place in the file and what it must be; never a secret
 */
export async function readProvidersFile(path: string | undefined): Promise<ProvidersConfig> {
  if (path === undefined) return {};
  const wrong = (what: string) => new TypeError(`EKBAAR_PROVIDERS_FILE (${path}): ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // The parser's words quote what stands there, which may be a secret.
    throw wrong(error instanceof SyntaxError ? 'is not JSON' : 'cannot be read');
  }
  const parsed = ProvidersConfig.safeParse(json);
  if (parsed.success) return parsed.data;
  throw wrong(parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; '));
}
