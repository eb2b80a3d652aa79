import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { PartnerSimulator } from './partner-simulator.ts';
import { WorkerProcess } from './worker-process.ts';

const { seed, random } = seededRandom(20_261_122);
const tenants = ['pennco', 'vishi', 'salesco'] as const;
const each = 16;
const kills = 2;
/** It waits for retries and for dead workers to be noticed, on whatever machine. */
const patience = { timeout: 900_000 };
const secrets = {
  razorpay: 'razorpay-webhook-secret',
  stripe: 'stripe-webhook-secret',
  whatsapp: 'whatsapp-app-secret',
};
/** Who has no such number, as the gateways say. */
const refuses = (to: string) => to.endsWith('3');

const simulator = new PartnerSimulator({ random, share: 0.55, refuses, secrets });
let database: FreshDatabase;
let fieldOps: FieldOps;
let sql: postgres.Sql;
let folder: string;
let worker: WorkerProcess;

/** What a confirmation was of, and who is told. */
interface Confirmed {
  readonly tenant: string;
  readonly deliveryId: string;
  readonly receiptNo: string;
  readonly kind: string;
  readonly agentId: string;
  readonly mfiId: string;
  readonly amountPaise: number;
  readonly phone: string;
}
const confirmed: Confirmed[] = [];

beforeAll(async () => {
  const url = await simulator.listen();
  const sms = (party: string, afterUnknown: 'repeat' | 'ask') => ({
    kind: 'http' as const,
    url: `${url}/${party}/send`,
    body: { to: '{to}', text: '{text}', ref: '{key}' },
    ...{ afterUnknown, statusUrl: `${url}/${party}/{key}`, headers: {}, encoding: 'json' as const, idField: 'id' },
  });
  const incoming = { sms: [], mfi: {} };
  const providers = {
    pennco: {
      ...{ sms: sms('keyed/pennco', 'repeat'), incoming, texts: {} },
      payment: {
        ...{ kind: 'razorpay' as const, baseUrl: `${url}/razorpay/pennco`, keyId: 'rzp_test', keySecret: 'secret' },
        ...{ accountNumber: '7878780080316316', mode: 'IMPS' as const, webhookSecret: secrets.razorpay },
      },
    },
    vishi: {
      ...{ sms: sms('plain/vishi', 'ask'), incoming, texts: {} },
      payment: {
        kind: 'stripe' as const,
        baseUrl: `${url}/stripe/vishi`,
        secretKey: 'sk_test',
        webhookSecret: secrets.stripe,
      },
    },
    salesco: {
      ...{ incoming, texts: {}, customer: ['whatsapp' as const] },
      whatsapp: {
        ...{
          kind: 'cloud-api' as const,
          baseUrl: `${url}/whatsapp/salesco`,
          phoneNumberId: '106540352242922',
          accessToken: 'token',
        },
        ...{ template: 'cash_receipt', language: 'en', appSecret: secrets.whatsapp },
      },
    },
  };
  folder = await mkdtemp(join(tmpdir(), 'ekbaar-partners-'));
  const file = join(folder, 'providers.json');
  await writeFile(file, JSON.stringify(providers));
  database = await freshDatabase();
  const allowedAddresses = ['127.0.0.0/8'];
  fieldOps = await startFieldOps({ url: database.url, outside: { providers, allowedAddresses } });
  simulator.incomingUrl = `${fieldOps.url}/api/v1/incoming`;
  sql = postgres(database.url, { onnotice: () => {} });
  worker = new WorkerProcess({
    ...{ DATABASE_URL: database.url, EKBAAR_JWT_SECRET: 'x'.repeat(32), EKBAAR_PROVIDERS_FILE: file },
    ...{ EKBAAR_OUTGOING_ALLOWED: '127.0.0.0/8', EKBAAR_OUTGOING_SECONDS: '2', EKBAAR_WORKER_JOBS: '5' },
  });
  for (const tenant of tenants) {
    const ops = await fieldOps.token('ops', 'ops', tenant);
    for (const mfiId of ['bfil', 'lnt', 'greenlight', 'spandana', 'samasta']) {
      const path = `${tenant}-${mfiId}`;
      const added = await fieldOps.post('/api/v1/webhooks/endpoints', ops, { mfiId, url: `${url}/hook/${path}` });
      expect(added.status).toBe(201);
      simulator.endpointSecrets.set(path, (added.body as { secret: string }).secret);
    }
  }
  await sql`insert into payout_accounts (tenant, agent_id, destination, changed_at, changed_by)
            select tenant, id, 'fa_' || tenant || id, now(), 'test' from agents where tenant in ('pennco', 'vishi')`;
}, patience.timeout);

afterAll(async () => {
  await worker.kill();
  await fieldOps.close();
  await sql.end();
  await simulator.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

/** In one order, to compare. */
function idsOf(rows: readonly { readonly deliveryId: string | null }[]): string[] {
  return rows.map(({ deliveryId }) => deliveryId ?? '').toSorted();
}

/** Tries come at once, and a dead worker is noticed in ten seconds: what takes a day takes a minute. */
async function hurry(): Promise<void> {
  await sql`update pgboss.job set retry_delay = 1, retry_delay_max = 1, heartbeat_seconds = 10,
                   start_after = least(start_after, now() + interval '1 second')
            where state < 'completed' and name not like '%-dead'`;
}

test(`every effect once, whatever the partners do and whoever kills the worker (seed ${seed})`, patience, async () => {
  for (const tenant of tenants) {
    const rows = await sql<(Confirmed & { id: string })[]>`
      select tenant, id as "deliveryId", kind, agent_id as "agentId", mfi_id as "mfiId", amount_paise::int as "amountPaise",
             customer_phone as phone
      from deliveries where tenant = ${tenant} and status = 'pending' order by id limit ${each}`;
    for (const row of rows) {
      const actor = { tenant, id: row.agentId, role: 'agent', claims: {} };
      const args = { deliveryId: row.deliveryId, amountPaise: row.amountPaise, confirmedAt: '2026-11-22T10:00:00Z' };
      const key = crypto.randomUUID();
      const { outcome } = await fieldOps.server.engine.mutate(actor, { key, name: 'confirmDelivery', args });
      confirmed.push({ ...row, receiptNo: (outcome.result as { receiptNo: string }).receiptNo });
    }
  }
  expect(confirmed).toHaveLength(tenants.length * each);

  await worker.start();
  for (let killed = 0; killed < kills; killed++) {
    await sleep(1000 + random() * 4000);
    await hurry();
    await worker.kill();
    await worker.start();
  }
  const open = async () => {
    await hurry();
    const [left] = await sql<{ n: number }[]>`
      select count(*)::int as n from pgboss.job
      where data->>'tenant' = any(${[...tenants]}) and state < 'completed' and name not like '%-dead'`;
    return left?.n;
  };
  await expect.poll(open, { timeout: 600_000, interval: 1000 }).toBe(0);
  await simulator.settled();
  await expect.poll(open, { timeout: 120_000, interval: 500 }).toBe(0);
  expect(await worker.stop()).toBe(0);

  // It did misbehave, in every way that it knows.
  expect(simulator.treatments.size).toBe(12);

  const effectsOf = (party: string) => simulator.effects.filter((effect) => effect.party === party);
  const told = (tenant: string) => confirmed.filter((one) => one.tenant === tenant);
  const messages = await sql<{ tenant: string; deliveryId: string; channel: string; status: string }[]>`
    select tenant, delivery_id as "deliveryId", channel, status from outgoing_messages`;
  const statusOf = ({ tenant, deliveryId }: Confirmed, channel: string) =>
    messages
      .filter((one) => one.tenant === tenant && one.deliveryId === deliveryId && one.channel === channel)
      .map(({ status }) => status);
  const dead = await sql<{ name: string; tenant: string; deliveryId: string | null }[]>`
    select name, data->>'tenant' as tenant, data->>'deliveryId' as "deliveryId" from pgboss.job where name like '%-dead'`;

  // SMS: each customer once; those whom the gateway refuses never, and these are the dead letters.
  for (const [tenant, party] of [
    ['pennco', 'keyed'],
    ['vishi', 'plain'],
  ] as const) {
    const [refused, taken] = [
      told(tenant).filter(({ phone }) => refuses(phone)),
      told(tenant).filter(({ phone }) => !refuses(phone)),
    ];
    expect(refused.length).toBeGreaterThan(0);
    for (const one of taken) {
      expect(
        effectsOf(party).filter(({ what }) => what.includes(one.receiptNo)),
        `${tenant} ${one.deliveryId}`,
      ).toHaveLength(1);
      expect(statusOf(one, 'sms')).toEqual(['sent']);
    }
    expect(effectsOf(party)).toHaveLength(taken.length);
    for (const one of refused) expect(statusOf(one, 'sms')).toEqual(['refused']);
    const letters = dead.filter(({ name, tenant: of }) => name === 'sms-dead' && of === tenant);
    expect(idsOf(letters)).toEqual(idsOf(refused));
  }

  // WhatsApp knows no keys: never twice, and where nobody could find out, people are asked.
  for (const one of told('salesco')) {
    const count = effectsOf('whatsapp').filter(({ what }) => what.includes(one.receiptNo)).length;
    expect([0, 1]).toContain(count);
    expect(statusOf(one, 'whatsapp')).toEqual([count === 1 ? 'delivered' : 'unknown']);
  }
  const unknown = told('salesco').filter((one) => statusOf(one, 'whatsapp')[0] === 'unknown');
  expect(idsOf(dead.filter(({ name }) => name === 'whatsapp-dead'))).toEqual(idsOf(unknown));

  // Webhooks: each event at least once, with one id however often it came, and always signed.
  expect(simulator.heard.filter(({ valid }) => !valid)).toEqual([]);
  for (const one of confirmed) {
    const heard = simulator.heard.filter(
      ({ endpoint, body }) => endpoint === `${one.tenant}-${one.mfiId}` && body.includes(one.receiptNo),
    );
    expect(heard.length).toBeGreaterThan(0);
    expect(new Set(heard.map(({ webhookId, body }) => `${webhookId} ${body}`)).size).toBe(1);
    expect(statusOf(one, 'webhook')).toEqual(['sent']);
  }

  // Money: each disbursement once, to its agent's account, and all of it came home although events came in any order.
  const payouts = await sql<{ tenant: string; deliveryId: string; status: string; amount: number }[]>`
    select tenant, delivery_id as "deliveryId", status, amount_paise::int as amount from payouts`;
  for (const [tenant, party] of [
    ['pennco', 'razorpay'],
    ['vishi', 'stripe'],
  ] as const) {
    const paid = told(tenant).filter(({ kind }) => kind === 'disbursement');
    expect(paid.length).toBeGreaterThan(0);
    for (const one of paid) {
      const made = effectsOf(party).filter(({ what }) => what.startsWith(`Delivery ${one.deliveryId} `));
      expect(made.map(({ to, what }) => ({ to, what }))).toEqual([
        { to: `fa_${tenant}${one.agentId}`, what: `Delivery ${one.deliveryId} ${one.amountPaise}` },
      ]);
    }
    expect(effectsOf(party)).toHaveLength(paid.length);
    const own = payouts.filter((payout) => payout.tenant === tenant);
    expect(own.map(({ deliveryId, status }) => `${deliveryId} ${status}`).toSorted()).toEqual(
      paid.map(({ deliveryId }) => `${deliveryId} paid`).toSorted(),
    );
  }
  expect(payouts.filter(({ tenant }) => tenant === 'salesco')).toEqual([]);
  expect(dead.map(({ name }) => name).filter((name) => name !== 'sms-dead' && name !== 'whatsapp-dead')).toEqual([]);
});
