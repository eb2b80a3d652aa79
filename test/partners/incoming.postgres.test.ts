import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FieldOpsWithWorker, mfiSecret, razorpaySecret, startWithWorker } from './field-ops-with-worker.ts';

let fieldOps: FieldOpsWithWorker;
beforeAll(async () => {
  fieldOps = await startWithWorker();
});
beforeEach(() => fieldOps.outside.reset());
afterAll(() => fieldOps.close());

let events = 0;

describe('what others tell us', () => {
  const event = (status: string, reference: string, createdAt: number, id = `evt-${(events += 1)}`) => {
    const entity = { id: 'pout_1', status, reference_id: reference, utr: status === 'processed' ? 'UTR1' : null };
    const body = JSON.stringify({ event: `payout.${status}`, created_at: createdAt, payload: { payout: { entity } } });
    const signature = createHmac('sha256', razorpaySecret).update(body).digest('hex');
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
    fieldOps.outside.respond = () => ({ status: 200, body: '{"id":"pout_1","status":"processing"}' });
    await fieldOps.sql`insert into payout_accounts (tenant, agent_id, destination, changed_at, changed_by)
              select 'pennco', id, 'fa_1', now(), 'test' from agents where tenant = 'pennco' on conflict do nothing`;
    let payout: { id: string; status: string } | undefined;
    while (payout === undefined) {
      const { id } = await fieldOps.confirm();
      [payout] = await fieldOps.sql<
        { id: string; status: string }[]
      >`select id, status from payouts where delivery_id = ${id}`;
    }
    const { id } = payout;
    const status = async () => (await fieldOps.sql`select status, bank_ref from payouts where id = ${id}`)[0];
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
      .poll(async () => (await fieldOps.sql`select status from incoming_events where event_id = 'late'`)[0])
      .toEqual({ status: 'processed' });
    expect(await status()).toMatchObject({ status: 'paid' });
    await tell('pennco/razorpay', event('reversed', id, 1_800_000_200));
    await expect.poll(status).toMatchObject({ status: 'reversed' });

    const eventsOf = async (query: string, tenant?: string) => {
      const answer = await fieldOps.get(`/api/v1/incoming-events?${query}`, await fieldOps.ops(tenant));
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
    expect((await fieldOps.get('/api/v1/incoming-events?cursor=x', await fieldOps.ops())).status).toBe(400);

    const { body } = await fieldOps.get('/api/v1/payouts', await fieldOps.ops());
    expect((body as { payouts: object[] }).payouts).toContainEqual(expect.objectContaining({ id, status: 'reversed' }));
    expect((await fieldOps.get('/api/v1/payouts', await fieldOps.ops('vishi'))).body).toMatchObject({ payouts: [] });
    // The ledger waits for the bank's file.
    expect(await fieldOps.sql`select from disbursements where status = 'reconciled'`).toHaveLength(0);
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
      fieldOps.sql`select (select count(*) from incoming_events) as events, (select count(*) from pgboss.job) as jobs`;
    const before = await kept();
    const signature = createHmac('sha256', razorpaySecret).update(body).digest('hex');
    const headers = { 'x-razorpay-signature': signature, 'x-razorpay-event-id': `evt-${(events += 1)}` };
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
      fieldOps.post(`/api/v1/payout-accounts/${agent}`, await fieldOps.ops(tenant), { destination });
    expect(await put('vishi', 'a01', 'fa_1234567890')).toMatchObject({
      status: 200,
      body: { destination: '•••••••••7890', changedBy: 'ops' },
    });
    expect((await put('vishi', 'nobody', 'fa_1')).status).toBe(404);
    expect((await put('vishi', 'a01', "fa_1'; --")).status).toBe(400);
    const off = async (agent: string) =>
      fieldOps.post(`/api/v1/payout-accounts/${agent}`, await fieldOps.ops('vishi'), { enabled: false });
    expect(await off('a02')).toMatchObject({
      status: 404,
      body: { detail: 'a02 has no bank account yet: send its `destination`' },
    });
    expect((await off('a01')).status).toBe(200);
    expect((await fieldOps.get('/api/v1/payout-accounts?agent=a01', await fieldOps.ops('vishi'))).body).toMatchObject({
      accounts: [{ agentId: 'a01', destination: '•••••••••7890', enabled: false }],
    });
    expect((await fieldOps.get('/api/v1/payout-accounts?agent=a02', await fieldOps.ops('vishi'))).body).toEqual({
      accounts: [],
    });
  });
});
