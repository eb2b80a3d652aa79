import { writeFile } from 'node:fs/promises';
import { PartnerSimulator } from '../partners/partner-simulator.ts';
import type { TokenOf } from '../support/bearer-tokens.ts';
import { httpClient } from '../support/http-client.ts';
import type { Tenant } from './tenants.ts';
import { tenants } from './tenants.ts';

const secrets = { razorpay: 'razorpay-webhook-secret', stripe: 'stripe-webhook-secret', whatsapp: 'not-used' };
const mfis = ['bfil', 'lnt', 'greenlight', 'spandana', 'samasta'];
/** Which provider pays for whom. */
const banks: Readonly<Record<Tenant, 'razorpay' | 'stripe'>> = {
  pennco: 'razorpay',
  vishi: 'stripe',
  salesco: 'razorpay',
};
/** A gateway that knows keys again, or one that does what it is told as often as it is told, and can be asked. */
const gateways: Readonly<Record<Tenant, readonly ['keyed', 'repeat'] | readonly ['plain', 'ask']>> = {
  pennco: ['keyed', 'repeat'],
  vishi: ['plain', 'ask'],
  salesco: ['keyed', 'repeat'],
};

/** All outside parties: a simulator that misbehaves, and the providers' file that leads to it. */
export async function openOutside(
  file: string,
  random: () => number,
  share: number,
): Promise<{ readonly simulator: PartnerSimulator; readonly url: string }> {
  const simulator = new PartnerSimulator({ random, share, refuses: () => false, secrets });
  const url = await simulator.listen();
  const providers = Object.fromEntries(tenants.map((tenant) => [tenant, providersOf(tenant, url)]));
  await writeFile(file, JSON.stringify(providers));
  return { simulator, url };
}

function providersOf(tenant: Tenant, url: string): object {
  const [gateway, afterUnknown] = gateways[tenant];
  const bank = banks[tenant];
  return {
    sms: {
      ...{ kind: 'http', url: `${url}/${gateway}/${tenant}/send`, body: { to: '{to}', text: '{text}', ref: '{key}' } },
      ...{ afterUnknown, statusUrl: `${url}/${gateway}/${tenant}/{key}`, idField: 'id' },
    },
    payment:
      bank === 'razorpay'
        ? {
            ...{ kind: bank, baseUrl: `${url}/razorpay/${tenant}`, keyId: 'rzp_test', keySecret: 'secret' },
            ...{ accountNumber: '7878780080316316', webhookSecret: secrets.razorpay },
          }
        : { kind: bank, baseUrl: `${url}/stripe/${tenant}`, secretKey: 'sk_test', webhookSecret: secrets.stripe },
  };
}

/** Has every MFI hear of its confirmations. */
export async function addEndpoints(
  fieldOpsUrl: string,
  simulatorUrl: string,
  simulator: PartnerSimulator,
  tokenOf: TokenOf,
): Promise<void> {
  for (const tenant of tenants) {
    const ops = await tokenOf('ops', 'ops', tenant);
    for (const mfiId of mfis) {
      const path = `${tenant}-${mfiId}`;
      const url = `${simulatorUrl}/hook/${path}`;
      const added = await httpClient(fieldOpsUrl).post('/api/v1/webhooks/endpoints', ops, { mfiId, url });
      if (added.status !== 201) throw new Error(`no endpoint for ${path}: ${added.status} ${added.text}`);
      simulator.endpointSecrets.set(path, (added.body as { secret: string }).secret);
    }
  }
}
