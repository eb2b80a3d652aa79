import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { good, people, pin, refusal } from '../sign-in/people.ts';
import type { FieldOps } from '../support/field-ops.ts';
import { type Page, type Records, type Row, startRecords } from './records.ts';

let records: Records;
let ekbaar: FieldOps;
let tokens: Records['tokens'];
beforeAll(async () => {
  records = await startRecords();
  ({ ekbaar, tokens } = records);
});
afterAll(() => records.close());

const byKind = ([a = '']: string[], [b = '']: string[]) => a.localeCompare(b);

describe('the history of a delivery', () => {
  test('has who, which phone, both times, the receipt, the ledger pair, earlier assignments and rejections', async () => {
    const { rows } = await records.get<Page>('/deliveries?status=pending&kind=collection&agent=a01');
    const id = rows[0]?.id ?? '';
    const phone = await people(ekbaar).signIn('a02', pin, {
      phone: { id: 'phone-of-a02', name: 'Redmi 9A', clientId: 'client-of-a02-1' },
    });
    good(phone);
    const assign = (agentId: string) =>
      ekbaar.post(
        '/v1/mutations/assignDelivery',
        tokens.ops,
        { deliveryId: id, agentId },
        { 'idempotency-key': crypto.randomUUID() },
      );
    expect((await assign('a02')).status).toBe(200);
    records.clock.now = new Date(records.clock.now.getTime() + 1000);
    // The one who had it before comes too late.
    const late = await ekbaar.post(
      `/api/v1/deliveries/${id}/confirm`,
      tokens.agent,
      { amountPaise: rows[0]?.amountPaise, confirmedAt: records.clock.now.toISOString() },
      { 'idempotency-key': crypto.randomUUID() },
    );
    expect(late.status).toBe(422);
    records.clock.now = new Date(records.clock.now.getTime() + 1000);
    const key = crypto.randomUUID();
    const deviceAt = '2026-11-22T04:58:00.000Z';
    const args = {
      deliveryId: id,
      amountPaise: rows[0]?.amountPaise,
      confirmedAt: deviceAt,
      location: { lat: 24.8, lng: 85.1, accuracyM: 8 },
    };
    const { receipts: answers } = await ekbaar.sync(await ekbaar.token('a02', 'agent'), {
      clientId: 'client-of-a02-1',
      mutations: [{ id: 1, key, name: 'confirmDelivery', model: 1, args, at: deviceAt }],
    });
    expect(answers[0]?.status).toBe('applied');

    const history = await records.get<{
      delivery: Row & { receiptNo: string };
      receipts: Record<string, unknown>[];
      phones: unknown[];
      ledger: { kind: string; amountPaise: number; accountId: string }[];
      agents: Record<string, string>;
    }>(`/deliveries/${id}`);
    expect(history.receipts.map(({ name, status }) => [name, status])).toEqual([
      ['assignDelivery', 'applied'],
      ['confirmDelivery', 'rejected'],
      ['confirmDelivery', 'applied'],
    ]);
    expect(history.receipts[2]).toMatchObject({
      key,
      actor: 'a02',
      clientId: 'client-of-a02-1',
      deviceAt,
      serverAt: expect.any(String),
    });
    expect(history.phones).toEqual([{ clientId: 'client-of-a02-1', phoneId: 'phone-of-a02', name: 'Redmi 9A' }]);
    expect(history.ledger.map(({ kind, accountId }) => [kind, accountId]).toSorted(byKind)).toEqual([
      ['credit', expect.stringMatching(/^mfi:/)],
      ['debit', 'agent_cash:a02'],
    ]);
    expect(history.delivery).toMatchObject({ status: 'confirmed', receiptNo: expect.stringMatching(/-/) });
    expect(Object.keys(history.agents)).toContain('a02');
    const { places } = await records.get<{ places: { lat: number; confirmed: number }[] }>('/places');
    expect(places).toEqual([expect.objectContaining({ lat: 24.8, seen: 1 })]);
    const rejected = await records.get<{ receipts: { name: string }[] }>('/receipts?status=rejected');
    expect(rejected.receipts).toHaveLength(1);
  });

  test('says to whom messages went, of a number only its end', async () => {
    const message = (channel: string, recipient: string) =>
      ekbaar.query(
        sql`insert into outgoing_messages (tenant, id, channel, delivery_id, recipient, body, created_at, changed_at)
            values ('pennco', gen_random_uuid(), ${channel}, 'd0050', ${recipient}, 'hello', now(), now())`,
      );
    await message('sms', '+919876543210');
    await message('webhook', 'https://spandana.example/events');
    const { messages } = await records.get<{ messages: { channel: string; recipient: string }[] }>('/deliveries/d0050');
    expect(Object.fromEntries(messages.map(({ channel, recipient }) => [channel, recipient]))).toEqual({
      sms: '…3210',
      webhook: 'https://spandana.example/events',
    });
  });

  test('finds its receipts through an index', async () => {
    await ekbaar.query(sql`set enable_seqscan = off`);
    const plan = await ekbaar.query<{ 'QUERY PLAN': string }>(
      sql`explain select * from sync.receipts r where r.tenant = 'pennco' and left(r.args ->> 'deliveryId', 100) = left('d0001', 100)
          and (r.args ->> 'deliveryId') is not null and (r.args ->> 'deliveryId') = 'd0001' order by r.server_at`,
    );
    expect(JSON.stringify(plan)).toContain('receipts_by_delivery');
  });

  test('of a delivery that is none is not found', async () => {
    expect(refusal(await ekbaar.get('/api/v1/records/deliveries/none', tokens.ops))).toEqual([404, 'not_found']);
    expect(refusal(await ekbaar.get('/api/v1/records/deliveries/%00', tokens.ops))).toEqual([404, 'not_found']);
  });
});

describe('agents', () => {
  test('are listed with their work, cash, phones and last position, in pages', async () => {
    const first = await records.get<{ agents: { id: string; name: string }[]; next: string | null }>('/agents?limit=4');
    const second = await records.get<{ agents: { id: string; name: string }[]; next: string | null }>(
      `/agents?limit=4&cursor=${first.next}`,
    );
    const found = [...first.agents, ...second.agents];
    expect(new Set(found.map(({ id }) => id)).size).toBe(6);
    expect(second.next).toBeNull();
    expect(found.map(({ name }) => name)).toEqual(found.map(({ name }) => name).toSorted());
    const place = { lat: 25, lng: 85, accuracyM: 10, at: records.clock.now.toISOString() };
    await ekbaar.post('/api/v1/agents/a02/location', await ekbaar.token('a02', 'agent'), place);
    const { agent, track } = await records.get<{
      agent: Record<string, unknown> & { cashPaise: number };
      track: unknown[];
    }>('/agents/a02');
    expect(agent).toMatchObject({
      ...{ id: 'a02', position: { lat: 25, lng: 85 }, overdue: 0 },
      phones: [{ id: 'phone-of-a02', name: 'Redmi 9A', revokedAt: null }],
    });
    expect(agent.cashPaise).toBeGreaterThan(0);
    expect(agent['lastSeenAt']).not.toBeNull();
    expect(track).toHaveLength(1);
    const { agents: searched } = await records.get<{ agents: { id: string }[] }>('/agents?q=a02');
    expect(searched.map(({ id }) => id)).toEqual(['a02']);
  });

  test('the cash that they carry is the ledger’s, whatever they say of their day', async () => {
    const date = '2026-11-22';
    const cash = async () => (await records.get<{ agent: { cashPaise: number } }>('/agents/a03')).agent.cashPaise;
    const collect = async () => {
      const [row] = (await records.get<Page>('/deliveries?limit=1&agent=a03&kind=collection&status=pending')).rows;
      expect((await records.confirm(row?.id ?? '')).status).toBe(200);
      return row?.amountPaise ?? 0;
    };
    const close = async (day: string) => {
      const counted = { date: day, collectedPaise: 0, disbursedPaise: 0, count: 0 };
      const headers = { 'idempotency-key': crypto.randomUUID() };
      return ekbaar.post('/v1/mutations/closeDay', await ekbaar.token('a03', 'agent'), counted, headers);
    };
    const before = await cash();
    const collected = await collect();
    expect((await close('9998-12-31')).status).toBe(200);
    expect(await cash()).toBe(before + collected);
    expect(await records.get('/agents/a03')).toMatchObject({ agent: { closedDay: date } });
    expect((await close(date)).body).toMatchObject({ status: 'rejected', error: { code: 'already_closed' } });
    // From a phone that was away when the day was closed.
    const late = await collect();
    expect(await cash()).toBe(before + collected + late);
    const { body } = await ekbaar.get(`/api/v1/day-close/agents?date=${date}`, tokens.ops);
    const { agents } = body as { agents: { agentId: string; cashPaise: number }[] };
    expect(agents.find(({ agentId }) => agentId === 'a03')?.cashPaise).toBe(await cash());
  });
});

describe('a refusal', () => {
  test('is dealt with once, by who oversees the agent, and leaves the list of open ones', async () => {
    interface Refusal {
      readonly key: string;
      readonly status: string;
      readonly note: string | null;
      readonly notedBy: string | null;
    }
    const open = async (token?: string) =>
      (await records.get<{ receipts: Refusal[] }>('/receipts?status=rejected&open=true', token)).receipts.map(
        ({ key }) => key,
      );
    const { rows } = await records.get<Page>('/deliveries?status=pending&agent=a01&limit=1');
    const key = crypto.randomUUID();
    const body = { amountPaise: 1, confirmedAt: records.clock.now.toISOString() };
    const sent = await ekbaar.post(`/api/v1/deliveries/${rows[0]?.id}/confirm`, tokens.agent, body, {
      'idempotency-key': key,
    });
    expect(sent.status).toBe(422);
    expect(await open()).toContain(key);
    expect(await open(tokens.region)).toContain(key);
    const note = (token: string, words = 'counted again', of: string | undefined = key) =>
      ekbaar.post(`/api/v1/records/receipts/${of}/note`, token, { note: words });
    const elsewhere = await ekbaar.token('ops-elsewhere', 'ops', 'pennco', { regions: ['IN-BR-99'] });
    for (const token of [tokens.vishi, elsewhere]) expect(refusal(await note(token))).toEqual([404, 'not_found']);
    expect(refusal(await note(tokens.agent))).toEqual([403, 'forbidden']);
    expect(refusal(await note(tokens.ops, ' '))).toEqual([400, 'malformed']);
    expect(refusal(await note(tokens.ops, 'x', 'not-a-key'))).toEqual([404, 'not_found']);
    const applied = (await records.get<{ receipts: Refusal[] }>('/receipts?status=applied&limit=1')).receipts[0]?.key;
    expect(refusal(await note(tokens.ops, 'x', applied))).toEqual([404, 'not_found']);
    expect((await note(tokens.region)).body).toMatchObject({ key, note: 'counted again', notedBy: 'ops-region' });
    expect(refusal(await note(tokens.ops, 'me too'))).toEqual([400, 'malformed']);
    expect(await open()).not.toContain(key);
    const { receipts } = await records.get<{ receipts: Refusal[] }>(`/receipts?q=${key}`);
    expect(receipts).toEqual([expect.objectContaining({ status: 'rejected', note: 'counted again' })]);
  });
});

describe('positions of the demo day', () => {
  test('are known as made up, until the agent says where they are', async () => {
    await ekbaar.query(
      sql`insert into agent_positions (tenant, agent_id, region_id, lat, lng, accuracy_m, at)
          select tenant, id, region_id, 25, 85, 9, ${records.clock.now.toISOString()}::timestamptz from agents
          where id in ('a03', 'a04') and tenant in ('pennco', 'vishi')`,
    );
    await ekbaar.query(
      sql`insert into agent_track (tenant, agent_id, key, lat, lng, accuracy_m, at, demo)
          select tenant, agent_id, gen_random_uuid(), lat, lng, accuracy_m, at, agent_id = 'a03' or tenant = 'vishi'
          from agent_positions where agent_id in ('a03', 'a04')`,
    );
    const demo = async (token?: string) => (await records.get<{ demoAgents: string[] }>('/places', token)).demoAgents;
    expect(await demo()).toEqual(['a03']);
    expect(await demo(tokens.vishi)).toEqual(['a03', 'a04']);
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(records.clock.now);
    expect(await records.get('/agents/a03?day=' + day)).toMatchObject({ demo: true });
    expect(await records.get('/agents/a04?day=' + day)).toMatchObject({ demo: false });
    const at = new Date(records.clock.now.getTime() + 60_000).toISOString();
    records.clock.now = new Date(at);
    const place = { lat: 25.1, lng: 85, accuracyM: 10, at };
    await ekbaar.post('/api/v1/agents/a03/location', await ekbaar.token('a03', 'agent'), place);
    expect(await demo()).toEqual([]);
  });
});
