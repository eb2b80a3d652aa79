import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHmac } from 'node:crypto';
import { nodePlatform, openDatabase, type Database } from '@ekbaar/server';
import postgres from 'postgres';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JobWorker, startWorker } from '../../examples/field-ops/src/server/jobs/job-worker.ts';
import { openProviders } from '../../examples/field-ops/src/server/jobs/providers.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

const allowedAddresses = ['127.0.0.0/8'];
const mfiSecret = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;

/** What the outside answers next, and what it has heard. */
let respond: () => { status: number; body?: string; retryAfter?: string };
let heard: { path: string; headers: Record<string, unknown>; body: string; at: number }[] = [];
let outside: Server;
let outsideUrl: string;
let pg: FreshDatabase;
let fieldOps: FieldOps;
let database: Database;
let worker: JobWorker;
let sql: postgres.Sql;
let next = 0;

const sink = { info: () => {}, error: () => {} };

beforeAll(async () => {
  outside = createServer((request, answer) => {
    void request.toArray().then((chunks) => {
      heard.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks as Buffer[]).toString(),
        at: performance.now(),
      });
      const { status, body = '{"id":"m1"}', retryAfter } = respond();
      const later = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      answer.writeHead(status, { 'content-type': 'application/json', ...later }).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(outside, 'listening');
  outsideUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  const sms = {
    ...{ kind: 'http' as const, url: `${outsideUrl}/sms`, body: { to: '{to}', text: '{text}' }, headers: {} },
    ...{ encoding: 'json' as const, idField: 'id', afterUnknown: 'repeat' as const },
  };
  const payment = {
    ...{ kind: 'razorpay' as const, baseUrl: `${outsideUrl}/razorpay`, keyId: 'id', keySecret: 'secret' },
    ...{ accountNumber: '1', mode: 'IMPS' as const, webhookSecret: 'razorpay-secret' },
  };
  const config = {
    pennco: { sms, payment, texts: {}, incoming: { sms: [], mfi: { bfil: [mfiSecret] } } },
    vishi: { sms, texts: {}, incoming: { sms: [], mfi: {} } },
  };
  pg = await freshDatabase();
  fieldOps = await startFieldOps({ url: pg.url, outside: { providers: config, allowedAddresses } });
  sql = postgres(pg.url, { onnotice: () => {} });
  // No patience in tests.
  await sql`update pgboss.queue set retry_delay = 1, retry_delay_max = 1, retry_limit = 2 where name not like '%-dead'`;
  database = await openDatabase({ url: pg.url, connections: 4 });
  const providers = openProviders({
    ...{ config, development: false, allowedAddresses, db: database.db, clock: nodePlatform.clock, timeoutMs: 2000 },
  });
  worker = await startWorker({
    ...{ database, engine: fieldOps.server.engine },
    providers,
    platform: { ...nodePlatform, log: sink },
    concurrency: 4,
    ...{ trackDays: 92, auditDays: 400 },
    pollSeconds: 0.5,
  });
});

beforeEach(() => {
  respond = () => ({ status: 200 });
  heard = [];
});

afterAll(async () => {
  await worker.stop();
  await fieldOps.close();
  await database.close();
  await sql.end();
  outside.closeAllConnections();
  outside.close();
  await pg.drop();
});

/** Confirms the next open delivery of a tenant; gives its id, and the MFI it is of. */
async function confirm(tenant = 'pennco', mfi?: string) {
  const [row] = await sql<{ id: string; agent: string; amount: number; mfi: string }[]>`
    select id, agent_id as agent, amount_paise::int as amount, mfi_id as mfi from deliveries
    where tenant = ${tenant} and status = 'pending' ${mfi === undefined ? sql`` : sql`and mfi_id = ${mfi}`} order by id limit 1`;
  if (row === undefined) throw new Error('no delivery is left');
  const args = { deliveryId: row.id, amountPaise: row.amount, confirmedAt: '2026-11-22T10:00:00Z' };
  const actor = { tenant, id: row.agent, role: 'agent', claims: {} };
  const key = crypto.randomUUID();
  const { outcome } = await fieldOps.server.engine.mutate(actor, { key, name: 'confirmDelivery', args });
  expect(outcome.status).toBe('applied');
  return { ...row, key };
}

const ops = (tenant = 'pennco') => fieldOps.token('ops', 'ops', tenant);
type Message = { id: string; channel: string; status: string; to: string; attempts: number; lastError: string | null };
async function messages(query: string, tenant = 'pennco'): Promise<Message[]> {
  const answer = await fieldOps.get(`/api/v1/messages?${query}`, await ops(tenant));
  expect(answer.status).toBe(200);
  return (answer.body as { messages: Message[] }).messages;
}
type Job = { id: string; queue: string; deliveryId: string | null; messageId: string | null; reason: string | null };
async function deadLetters(tenant = 'pennco'): Promise<Job[]> {
  return ((await fieldOps.get('/api/v1/jobs/dead-letters', await ops(tenant))).body as { jobs: Job[] }).jobs;
}

describe('dead letters', () => {
  test('a final no is one, at once; ops see why, retry it, and it goes', async () => {
    respond = () => ({ status: 422, body: '{"error":"no such number"}' });
    const { id } = await confirm();
    await expect.poll(async () => (await messages(`delivery=${id}&channel=sms`))[0]?.status).toBe('refused');
    await expect.poll(async () => (await deadLetters()).filter(({ deliveryId }) => deliveryId === id)).toHaveLength(1);
    expect(heard.filter(({ path }) => path === '/sms')).toHaveLength(1);
    const [letter] = (await deadLetters()).filter(({ deliveryId }) => deliveryId === id);
    expect(letter).toMatchObject({ queue: 'sms-dead', reason: expect.stringContaining('no such number') as string });

    const path = `/api/v1/jobs/dead-letters/sms/${letter?.id}`;
    // Not another operator's business, and it does not even learn that it is there.
    expect(await deadLetters('vishi')).toEqual([]);
    expect((await fieldOps.post(`${path}/retry`, await ops('vishi'), {})).status).toBe(404);
    expect((await fieldOps.post(`${path}/close`, await ops('vishi'), { reason: 'x' })).status).toBe(404);
    expect((await fieldOps.get(`/api/v1/messages/${letter?.messageId}`, await ops('vishi'))).status).toBe(404);
    // Nor an agent's, nor that of ops of one region.
    expect((await fieldOps.post(`${path}/retry`, await fieldOps.token('a01', 'agent'), {})).status).toBe(403);
    expect(
      (await fieldOps.post(`${path}/retry`, await fieldOps.token('o', 'ops', 'pennco', { regions: ['x'] }), {})).status,
    ).toBe(403);

    respond = () => ({ status: 200 });
    expect((await fieldOps.post(`${path}/retry`, await ops(), {})).status).toBe(200);
    expect((await fieldOps.post(`${path}/retry`, await ops(), {})).status).toBe(404);
    await expect.poll(async () => (await messages(`delivery=${id}&channel=sms`))[0]?.status).toBe('sent');
    const { body } = await fieldOps.get(`/api/v1/messages/${letter?.messageId}`, await ops());
    expect(body).toMatchObject({
      message: { to: expect.stringMatching(/^•+\d{4}$/) as string, attempts: 2 },
      attempts: [
        { no: 1, outcome: 'refused', httpStatus: 422 },
        { no: 2, outcome: 'done', httpStatus: 200 },
      ],
    });
  });

  test('too many tries are one; closed, it is gone, and its message says by whom', async () => {
    respond = () => ({ status: 429 });
    const { id } = await confirm();
    await expect.poll(async () => (await messages(`delivery=${id}&channel=sms`))[0]?.status).toBe('exhausted');
    await expect.poll(async () => (await deadLetters()).filter(({ deliveryId }) => deliveryId === id)).toHaveLength(1);
    const [letter] = (await deadLetters()).filter(({ deliveryId }) => deliveryId === id);
    const path = `/api/v1/jobs/dead-letters/sms-dead/${letter?.id}/close`;
    expect((await fieldOps.post(path, await ops(), {})).status).toBe(400);
    expect((await fieldOps.post(path, await ops(), { reason: 'called the customer' })).status).toBe(200);
    expect((await deadLetters()).filter(({ deliveryId }) => deliveryId === id)).toEqual([]);
    expect(await messages(`delivery=${id}&channel=sms`)).toMatchObject([
      { status: 'closed', closedBy: 'ops', lastError: 'called the customer', attempts: 3 },
    ]);
  });

  test('a wait that the other side asks for is kept', async () => {
    respond = () =>
      heard.filter(({ path }) => path === '/sms').length === 1 ? { status: 429, retryAfter: '5' } : { status: 200 };
    const { id } = await confirm();
    await expect
      .poll(async () => (await messages(`delivery=${id}&channel=sms`))[0])
      .toMatchObject({ status: 'sent', attempts: 2 });
    const [first = NaN, second = NaN] = heard.filter(({ path }) => path === '/sms').map(({ at }) => at);
    // Tries come after one by themselves.
    expect(second - first).toBeGreaterThan(4000);
  });
});

test('jobs are listed by queue and state, page by page, each operator’s own', async () => {
  await confirm();
  const one = await confirm('vishi');
  await expect.poll(async () => (await messages(`delivery=${one.id}&channel=sms`, 'vishi'))[0]?.status).toBe('sent');
  const all = async (tenant: string) => {
    const found: Job[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await fieldOps.get(`/api/v1/jobs?queue=sms&limit=1&cursor=${cursor}`, await ops(tenant));
      const page = body as { jobs: Job[]; next: string | null };
      found.push(...page.jobs);
      cursor = page.next;
    }
    return found;
  };
  const [ours] = await sql<
    { n: number }[]
  >`select count(*)::int as n from pgboss.job where name = 'sms' and data->>'tenant' = 'pennco'`;
  const pennco = await all('pennco');
  expect(pennco).toHaveLength(ours?.n ?? -1);
  expect(new Set(pennco.map(({ id }) => id)).size).toBe(pennco.length);
  expect((await all('vishi')).map(({ deliveryId }) => deliveryId)).toEqual([one.id]);
  expect((await fieldOps.get('/api/v1/jobs?queue=nonsense', await ops())).status).toBe(400);
  expect((await fieldOps.get('/api/v1/jobs?cursor=nonsense', await ops())).status).toBe(400);
});

describe('webhooks to MFIs', () => {
  type Endpoint = { id: string; enabled: boolean; disabledReason: string | null };
  const add = async (mfiId: string, path: string) => {
    const answer = await fieldOps.post('/api/v1/webhooks/endpoints', await ops(), {
      mfiId,
      url: `${outsideUrl}${path}`,
    });
    expect(answer.status).toBe(201);
    return answer.body as { endpoint: Endpoint; secret: string };
  };
  const remove = async ({ id }: Endpoint) => {
    const removed = await fieldOps.post(`/api/v1/webhooks/endpoints/${id}/remove`, await ops(), {});
    expect(removed.status).toBe(200);
  };
  const arrived = (path: string) => heard.filter((one) => one.path === path);
  const verifies = (secret: string, { headers, body }: (typeof heard)[number]) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  };

  test('are signed, with both secrets while they overlap, and replayed with their former ids', async () => {
    const { endpoint, secret } = await add('bfil', '/bfil');
    await confirm('pennco', 'bfil');
    await expect.poll(() => arrived('/bfil').length).toBe(1);
    const [first] = arrived('/bfil');
    expect(first !== undefined && verifies(secret, first)).toBe(true);

    const rotate = `/api/v1/webhooks/endpoints/${endpoint.id}/secrets`;
    expect((await fieldOps.post(rotate, await ops('vishi'), {})).status).toBe(404);
    const rotated = (await fieldOps.post(rotate, await ops(), { overlapHours: 1 })).body as { secret: string };
    expect(rotated.secret).not.toBe(secret);
    const replay = `/api/v1/webhooks/endpoints/${endpoint.id}/replay`;
    expect((await fieldOps.post(replay, await ops('vishi'), { from: '2020-01-01T00:00:00Z' })).status).toBe(404);
    expect((await fieldOps.post(replay, await ops(), {})).status).toBe(400);
    // Nothing was made before that.
    expect(
      (await fieldOps.post(replay, await ops(), { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' })).body,
    ).toMatchObject({ replayed: 0 });
    await expect
      .poll(async () => (await fieldOps.post(replay, await ops(), { from: '2020-01-01T00:00:00Z' })).body)
      .toMatchObject({ replayed: 1 });
    await expect.poll(() => arrived('/bfil').length).toBe(2);
    const [, second] = arrived('/bfil');
    if (first === undefined || second === undefined) throw new Error('two have arrived');
    expect([verifies(secret, second), verifies(rotated.secret, second)]).toEqual([true, true]);
    expect([second.headers['webhook-id'], second.body]).toEqual([first.headers['webhook-id'], first.body]);

    await sql`update webhook_secrets set expires_at = now() - interval '1 second' where expires_at is not null`;
    await expect
      .poll(async () => (await fieldOps.post(replay, await ops(), { from: '2020-01-01T00:00:00Z' })).body)
      .toMatchObject({ replayed: 1 });
    await expect.poll(() => arrived('/bfil').length).toBe(3);
    const third = arrived('/bfil')[2];
    expect(third !== undefined && [verifies(secret, third), verifies(rotated.secret, third)]).toEqual([false, true]);
    await remove(endpoint);
  });

  test('go to no address inside, and secrets are shown once', async () => {
    for (const url of [
      'http://169.254.169.254/latest',
      'https://10.0.0.1/',
      'http://93.184.215.14/',
      'https://[::1]/',
    ]) {
      const answer = await fieldOps.post('/api/v1/webhooks/endpoints', await ops(), { mfiId: 'lnt', url });
      expect([url, answer.status]).toEqual([url, 400]);
    }
    const { endpoint, secret } = await add('lnt', '/lnt');
    const listed = JSON.stringify((await fieldOps.get('/api/v1/webhooks/endpoints', await ops())).body);
    expect([listed.includes(endpoint.id), listed.includes(secret)]).toEqual([true, false]);
    expect((await fieldOps.get('/api/v1/webhooks/endpoints', await ops('vishi'))).body).toEqual({ endpoints: [] });
    // It was allowed when it was added; what counts is where it leads when it is called.
    await sql`update webhook_endpoints set url = 'https://169.254.169.254/' where id = ${endpoint.id}`;
    const { id } = await confirm('pennco', 'lnt');
    await expect
      .poll(async () => (await messages(`delivery=${id}&channel=webhook`))[0])
      .toMatchObject({
        ...{ status: 'refused', lastError: expect.stringContaining('169.254.169.254') as string },
      });
    await remove(endpoint);
  });

  test('an endpoint that is gone, or that failed for days, is not called any more', async () => {
    const { endpoint } = await add('samasta', '/samasta');
    const state = async () => {
      const { body } = await fieldOps.get('/api/v1/webhooks/endpoints', await ops());
      return (body as { endpoints: Endpoint[] }).endpoints.find(({ id }) => id === endpoint.id);
    };
    respond = () => ({ status: 500 });
    await confirm('pennco', 'samasta');
    await expect.poll(() => arrived('/samasta').length).toBeGreaterThan(0);
    await expect
      .poll(
        async () =>
          (await sql`select from webhook_endpoints where id = ${endpoint.id} and failing_since is not null`).length,
      )
      .toBe(1);
    expect(await state()).toMatchObject({ enabled: true });
    await sql`update webhook_endpoints set failing_since = now() - interval '6 days' where id = ${endpoint.id}`;
    // The tries of the one before may be over by now.
    await confirm('pennco', 'samasta');
    await expect.poll(async () => (await state())?.disabledReason).toContain('5 days');
    respond = () => ({ status: 200 });
    const calls = arrived('/samasta').length;
    await confirm('pennco', 'samasta');
    await sql`select pg_sleep(2)`;
    expect(arrived('/samasta')).toHaveLength(calls);
    await remove(endpoint);
  });
});

describe('what others tell us', () => {
  const event = (status: string, reference: string, createdAt: number, id = `evt-${(next += 1)}`) => {
    const entity = { id: 'pout_1', status, reference_id: reference, utr: status === 'processed' ? 'UTR1' : null };
    const body = JSON.stringify({ event: `payout.${status}`, created_at: createdAt, payload: { payout: { entity } } });
    const signature = createHmac('sha256', 'razorpay-secret').update(body).digest('hex');
    return { body, headers: { 'x-razorpay-signature': signature, 'x-razorpay-event-id': id } };
  };
  const tell = async (
    path: string,
    { body, headers }: { body: string | Uint8Array<ArrayBuffer>; headers: Record<string, string> },
  ) => {
    const answer = await fetch(`${fieldOps.url}/api/v1/incoming/${path}`, { method: 'POST', headers, body });
    return { status: answer.status, body: await answer.json() };
  };

  test('is believed by its signature, kept once, and moves a payout on in any order', async () => {
    respond = () => ({ status: 200, body: '{"id":"pout_1","status":"processing"}' });
    await sql`insert into payout_accounts (tenant, agent_id, destination, changed_at, changed_by)
              select 'pennco', id, 'fa_1', now(), 'test' from agents where tenant = 'pennco' on conflict do nothing`;
    let payout: { id: string; status: string } | undefined;
    while (payout === undefined) {
      const { id } = await confirm();
      [payout] = await sql<{ id: string; status: string }[]>`select id, status from payouts where delivery_id = ${id}`;
    }
    const { id } = payout;
    const status = async () => (await sql`select status, bank_ref from payouts where id = ${id}`)[0];
    await expect.poll(status).toMatchObject({ status: 'processing' });

    const processed = event('processed', id, 1_800_000_100);
    expect(
      await tell('pennco/razorpay', {
        ...processed,
        headers: { ...processed.headers, 'x-razorpay-signature': 'f'.repeat(64) },
      }),
    ).toMatchObject({ status: 403 });
    // Signed by pennco's bank: it says nothing of another operator's money, nor of one that is not there.
    expect(await tell('vishi/razorpay', processed)).toMatchObject({ status: 403 });
    expect(await tell('nobody/razorpay', processed)).toMatchObject({ status: 403 });
    expect(await tell('__proto__/razorpay', processed)).toMatchObject({ status: 403 });
    expect(await tell('pennco/razorpay', processed)).toMatchObject({ status: 200, body: { received: 1, fresh: 1 } });
    expect(await tell('pennco/razorpay', processed)).toMatchObject({ status: 200, body: { received: 1, fresh: 0 } });
    await expect.poll(status).toMatchObject({ status: 'paid', bank_ref: 'UTR1' });
    // Older news that come later.
    await tell('pennco/razorpay', event('queued', id, 1_800_000_000, 'late'));
    await expect
      .poll(async () => (await sql`select status from incoming_events where event_id = 'late'`)[0])
      .toEqual({ status: 'processed' });
    expect(await status()).toMatchObject({ status: 'paid' });
    await tell('pennco/razorpay', event('reversed', id, 1_800_000_200));
    await expect.poll(status).toMatchObject({ status: 'reversed' });

    const eventsOf = async (query: string, tenant?: string) => {
      const answer = await fieldOps.get(`/api/v1/incoming-events?${query}`, await ops(tenant));
      expect(answer.status).toBe(200);
      return answer.body as { events: { eventId: string; status: string }[]; next: string | null };
    };
    const whole = await eventsOf('source=razorpay');
    expect(whole.events.map(({ eventId }) => eventId)).toContain('late');
    expect(JSON.stringify(whole)).not.toContain('pout_1');
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await eventsOf(`source=razorpay&limit=1&cursor=${cursor}`);
      paged.push(...page.events.map(({ eventId }) => eventId));
      cursor = page.next;
    }
    expect(paged).toEqual(whole.events.map(({ eventId }) => eventId));
    expect(await eventsOf('', 'vishi')).toEqual({ events: [], next: null });
    const region = await fieldOps.token('o', 'ops', 'pennco', { regions: ['x'] });
    expect((await fieldOps.get('/api/v1/incoming-events', region)).status).toBe(403);
    expect((await fieldOps.get('/api/v1/incoming-events?cursor=x', await ops())).status).toBe(400);

    const { body } = await fieldOps.get('/api/v1/payouts', await ops());
    expect((body as { payouts: object[] }).payouts).toContainEqual(expect.objectContaining({ id, status: 'reversed' }));
    expect((await fieldOps.get('/api/v1/payouts', await ops('vishi'))).body).toMatchObject({ payouts: [] });
    // The ledger waits for the bank's file.
    expect(await sql`select from disbursements where status = 'reconciled'`).toHaveLength(0);
  });

  const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  test.each([
    ['a NUL in a text', '{"type":"said","data":{"note":"a\\u0000"}}', 'data.note'],
    ['a NUL in a key', '{"type":"said","data":{"a\\u0000":1}}', 'data'],
    ['a NUL in its type', '{"type":"said\\u0000"}', 'type'],
    ['half a character in a text', '{"type":"said","data":["\\ud800"]}', 'data.0'],
    ['half a character in a key', '{"type":"said","\\udc00":1}', ''],
    ['what PostgreSQL would not take apart', nested(7000), ''],
    ['what cannot be written again', nested(100_000), ''],
    ['a list', '[{"type":"said"}]', ''],
    ['no UTF-8', Buffer.from('{"type":"\xff"}', 'latin1'), ''],
  ])('%s is refused, however well it is signed, and nothing of it kept', async (_what, body, path) => {
    const kept = () =>
      sql`select (select count(*) from incoming_events) as events, (select count(*) from pgboss.job) as jobs`;
    const before = await kept();
    const signature = createHmac('sha256', 'razorpay-secret').update(body).digest('hex');
    const headers = { 'x-razorpay-signature': signature, 'x-razorpay-event-id': `evt-${(next += 1)}` };
    expect(await tell('pennco/razorpay', { body, headers })).toMatchObject({
      ...{ status: 400, body: { code: 'malformed', issues: [{ path }] } },
    });
    expect(await kept()).toEqual(before);
  });

  test('an MFI speaks with its own secret, for itself', async () => {
    const body = JSON.stringify({ type: 'delivery.acknowledged', data: { deliveryId: 'd0001' } });
    const at = new Date();
    const headers = {
      ...{ 'webhook-id': 'msg_1', 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)) },
      'webhook-signature': new Webhook(mfiSecret).sign('msg_1', at, body),
    };
    expect(await tell('pennco/mfi/bfil', { body, headers })).toMatchObject({ status: 200, body: { fresh: 1 } });
    expect(await tell('pennco/mfi/bfil', { body, headers })).toMatchObject({ status: 200, body: { fresh: 0 } });
    expect(await tell('pennco/mfi/lnt', { body, headers })).toMatchObject({ status: 403 });
  });

  test('bank accounts are given by ops, and not shown in full', async () => {
    const put = async (tenant: string, agent: string, destination: string) =>
      fieldOps.post(`/api/v1/payout-accounts/${agent}`, await ops(tenant), { destination });
    expect(await put('vishi', 'a01', 'fa_1234567890')).toMatchObject({
      status: 200,
      body: { destination: '•••••••••7890', changedBy: 'ops' },
    });
    expect((await put('vishi', 'nobody', 'fa_1')).status).toBe(404);
    expect((await put('vishi', 'a01', "fa_1'; --")).status).toBe(400);
    const off = async (agent: string) =>
      fieldOps.post(`/api/v1/payout-accounts/${agent}`, await ops('vishi'), { enabled: false });
    expect(await off('a02')).toMatchObject({
      status: 404,
      body: { detail: 'a02 has no bank account yet: send its `destination`' },
    });
    expect((await off('a01')).status).toBe(200);
    expect((await fieldOps.get('/api/v1/payout-accounts?agent=a01', await ops('vishi'))).body).toMatchObject({
      accounts: [{ agentId: 'a01', destination: '•••••••••7890', enabled: false }],
    });
    expect((await fieldOps.get('/api/v1/payout-accounts?agent=a02', await ops('vishi'))).body).toEqual({
      accounts: [],
    });
  });
});

test('the worker tells Prometheus what it does, and that it is well', async () => {
  const text = await worker.metrics.metrics();
  expect(text).toMatch(/field_ops_jobs_total\{queue="sms",verdict="done"\} [1-9]/);
  expect(text).toMatch(/field_ops_attempts_total\{channel="sms",provider="127\.0\.0\.1",outcome="refused"\} [1-9]/);
  expect(text).toContain('field_ops_jobs_waiting{queue="sms-dead",state="ready"}');
  expect(worker.isHealthy()).toBe(true);
});
