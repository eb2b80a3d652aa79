import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { good, people, pin, refusal } from '../sign-in/people.ts';

let database: FreshDatabase;
let ekbaar: FieldOps;
/** 10:30 in India, on the demo day, a Sunday. */
let now = new Date('2026-11-22T05:00:00Z');
const tokens = { ops: '', region: '', vishi: '', agent: '', settlement: '' };
let region = '';

beforeAll(async () => {
  database = await freshDatabase();
  ekbaar = await startFieldOps({ url: database.url, demo: { agents: 6, deliveries: 90 }, clock: () => now });
  tokens.ops = await ekbaar.token('ops', 'ops');
  tokens.vishi = await ekbaar.token('ops', 'ops', 'vishi');
  tokens.agent = await ekbaar.token('a01', 'agent');
  tokens.settlement = await ekbaar.token('settlement', 'settlement');
  const { agents } = await get<{ agents: { id: string; regionId: string }[] }>('/agents');
  region = agents.find(({ id }) => id === 'a01')?.regionId ?? '';
  tokens.region = await ekbaar.token('ops-region', 'ops', 'pennco', { regions: [region] });
});
afterAll(async () => {
  await ekbaar.close();
  await database.drop();
});

interface Row {
  readonly id: string;
  readonly regionId: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly customerName: string;
  readonly amountPaise: number;
  readonly status: string;
  readonly kind: string;
}
interface Page {
  readonly rows: Row[];
  readonly next: string | null;
  readonly totals: Record<string, { count: number; amountPaise: number }> | null;
}

async function get<T>(path: string, token = tokens.ops): Promise<T> {
  const answer = await ekbaar.get(`/api/v1/records${path}`, token);
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  return answer.body as T;
}

const byKind = ([a = '']: string[], [b = '']: string[]) => a.localeCompare(b);
const all = (token?: string) => get<Page>('/deliveries?limit=500', token);
const idsOf = ({ rows }: Page) => rows.map(({ id }) => id);

async function confirm(id: string, more: Record<string, unknown> = {}, key: string = crypto.randomUUID()) {
  const row = (await all()).rows.find((delivery) => delivery.id === id);
  const token = await ekbaar.token(row?.agentId ?? '', 'agent');
  const body = { amountPaise: row?.amountPaise, confirmedAt: now.toISOString(), ...more };
  return ekbaar.post(`/api/v1/deliveries/${id}/confirm`, token, body, { 'idempotency-key': key });
}

describe('deliveries', () => {
  test('come in keyset pages, in any order, each once', async () => {
    const whole = await all();
    expect(whole.rows).toHaveLength(90);
    expect(whole.next).toBeNull();
    for (const sort of ['-amountPaise', 'customerName', 'agentName', '-dueOn', '-confirmedAt', 'village', '-id']) {
      const ids: string[] = [];
      let next: string | null = '';
      for (let pages = 0; next !== null && pages < 20; pages++) {
        const page: Page = await get(`/deliveries?limit=13&sort=${sort}&cursor=${next}`);
        expect(page.totals === null).toBe(pages > 0);
        ids.push(...idsOf(page));
        next = page.next;
      }
      expect(new Set(ids).size).toBe(90);
      expect(ids).toHaveLength(90);
    }
    const byAmount = await get<Page>('/deliveries?limit=500&sort=-amountPaise');
    const amounts = byAmount.rows.map(({ amountPaise }) => amountPaise);
    expect(amounts).toEqual(amounts.toSorted((a, b) => b - a));
  });

  test('are found by every filter, alone and together', async () => {
    const { rows } = await all();
    const fits = async (query: string, wanted: (row: Row) => boolean) => {
      const found = idsOf(await get<Page>(`/deliveries?limit=500&sort=id&${query}`));
      expect(found).toEqual(
        rows
          .filter(wanted)
          .map(({ id }) => id)
          .toSorted(),
      );
      return found.length;
    };
    const [first] = rows;
    if (first === undefined) throw new Error('no deliveries');
    expect(await fits('kind=collection', ({ kind }) => kind === 'collection')).toBeGreaterThan(0);
    expect(await fits('agent=a01&agent=a02', ({ agentId }) => ['a01', 'a02'].includes(agentId))).toBeGreaterThan(0);
    await fits(`region=${region}&kind=disbursement`, (row) => row.regionId === region && row.kind === 'disbursement');
    await fits(
      'amountFrom=200000&amountTo=3000000',
      ({ amountPaise }) => amountPaise >= 200_000 && amountPaise <= 3_000_000,
    );
    await fits('dueFrom=2026-11-22&dueTo=2026-11-22', () => true);
    await fits('dueTo=2026-11-21', () => false);
    await fits('status=nonsense', () => false);
    const [given = '', family = ''] = first.customerName.split(' ');
    await fits(`q=${family}%20${given.toLowerCase()}`, ({ customerName, agentName }) =>
      [given, family].every((word) => `${customerName} ${agentName}`.includes(word)),
    );
    await fits('q=%25', () => false);
    await fits('q=_', () => false);
  });

  test('are counted by status', async () => {
    const { totals, rows } = await all();
    expect(totals?.['pending']).toEqual({
      count: rows.filter(({ status }) => status === 'pending').length,
      amountPaise: rows
        .filter(({ status }) => status === 'pending')
        .reduce((sum, { amountPaise }) => sum + amountPaise, 0),
    });
  });

  test('of another program’s kind and status are listed, counted and shown', async () => {
    const [first] = (await all()).rows;
    if (first === undefined) throw new Error('no deliveries');
    const { id, kind, status } = first;
    const write = (to: { kind: string; status: string }) =>
      ekbaar.query(
        sql`update deliveries set kind = ${to.kind}, status = ${to.status} where tenant = 'pennco' and id = ${id}`,
      );
    const others = { kind: 'refund', status: 'returned' };
    await write(others);
    const { rows, totals } = await all();
    expect(rows.find((row) => row.id === id)).toMatchObject(others);
    expect(totals).toMatchObject({ returned: { count: 1 }, cancelled: { count: 0 } });
    expect(idsOf(await get<Page>('/deliveries?status=returned&kind=refund'))).toEqual([id]);
    expect(await get(`/deliveries/${id}`)).toMatchObject({ delivery: others });
    await write({ kind, status });
  });

  test.each(['limit=0', 'limit=no', 'sort=password', 'cursor=x', 'dueFrom=yesterday', 'amountFrom=-1', 'q=%00'])(
    'a question with %s is refused',
    async (query) => {
      expect(refusal(await ekbaar.get(`/api/v1/records/deliveries?${query}`, tokens.ops))).toEqual([400, 'malformed']);
    },
  );

  test('a cursor is good for its own question only', async () => {
    const { next } = await get<Page>('/deliveries?limit=5&sort=id');
    expect(next).not.toBeNull();
    const other = await ekbaar.get(`/api/v1/records/deliveries?sort=-id&cursor=${next}`, tokens.ops);
    expect(refusal(other)).toEqual([400, 'malformed']);
  });
});

describe('who sees what', () => {
  const paths = ['/deliveries', '/agents', '/receipts', '/density', '/places', '/filters', '/api', '/health'];

  test('an agent sees nothing of it, and nobody without a token', async () => {
    for (const path of paths) {
      expect(refusal(await ekbaar.get(`/api/v1/records${path}`, tokens.agent))).toEqual([403, 'forbidden']);
      expect(refusal(await ekbaar.get(`/api/v1/records${path}`, null))).toEqual([401, 'unauthenticated']);
    }
  });

  test('ops of a region see that region, and no health', async () => {
    const whole = await all();
    const own = await all(tokens.region);
    expect(idsOf(own)).toEqual(
      idsOf(whole).filter((id) => whole.rows.find((row) => row.id === id)?.regionId === region),
    );
    expect(own.rows.length).toBeLessThan(whole.rows.length);
    expect((await get<Page>('/deliveries?region=IN-BR-99', tokens.region)).rows).toEqual([]);
    const elsewhere = whole.rows.find(({ regionId }) => regionId !== region);
    const path = `/api/v1/records/deliveries/${elsewhere?.id}`;
    expect(refusal(await ekbaar.get(path, tokens.region))).toEqual([404, 'not_found']);
    const { agents } = await get<{ agents: { id: string; regionId: string }[] }>('/agents', tokens.region);
    expect(new Set(agents.map(({ regionId }) => regionId))).toEqual(new Set([region]));
    const agentPath = `/api/v1/records/agents/${elsewhere?.agentId}`;
    expect(refusal(await ekbaar.get(agentPath, tokens.region))).toEqual([404, 'not_found']);
    expect(refusal(await ekbaar.get('/api/v1/records/health', tokens.region))).toEqual([403, 'forbidden']);
  });

  test('another operator’s rows are not there', async () => {
    await ekbaar.query(sql`update deliveries set customer_name = 'Only Vishi' where tenant = 'vishi' and id = 'd0001'`);
    expect((await get<Page>('/deliveries?q=only%20vishi')).rows).toEqual([]);
    expect((await get<Page>('/deliveries?q=only%20vishi', tokens.vishi)).rows).toHaveLength(1);
    const key = crypto.randomUUID();
    const [first] = (await all()).rows;
    expect((await confirm(first?.id ?? '', {}, key)).status).toBe(200);
    const { receipts } = await get<{ receipts: unknown[] }>('/receipts', tokens.vishi);
    expect(receipts).toEqual([]);
    const own = await get<{ receipts: { key: string }[] }>(`/receipts?q=${key}`);
    expect(own.receipts.map((receipt) => receipt.key)).toEqual([key]);
  });
});

describe('the history of a delivery', () => {
  test('has who, which phone, both times, the receipt, the ledger pair, earlier assignments and rejections', async () => {
    const { rows } = await get<Page>('/deliveries?status=pending&kind=collection&agent=a01');
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
    now = new Date(now.getTime() + 1000);
    // The one who had it before comes too late.
    const late = await ekbaar.post(
      `/api/v1/deliveries/${id}/confirm`,
      tokens.agent,
      { amountPaise: rows[0]?.amountPaise, confirmedAt: now.toISOString() },
      { 'idempotency-key': crypto.randomUUID() },
    );
    expect(late.status).toBe(422);
    now = new Date(now.getTime() + 1000);
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

    const history = await get<{
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
    const { places } = await get<{ places: { lat: number; confirmed: number }[] }>('/places');
    expect(places).toEqual([expect.objectContaining({ lat: 24.8, seen: 1 })]);
    const rejected = await get<{ receipts: { name: string }[] }>('/receipts?status=rejected');
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
    const { messages } = await get<{ messages: { channel: string; recipient: string }[] }>('/deliveries/d0050');
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
    const first = await get<{ agents: { id: string; name: string }[]; next: string | null }>('/agents?limit=4');
    const second = await get<{ agents: { id: string; name: string }[]; next: string | null }>(
      `/agents?limit=4&cursor=${first.next}`,
    );
    const found = [...first.agents, ...second.agents];
    expect(new Set(found.map(({ id }) => id)).size).toBe(6);
    expect(second.next).toBeNull();
    expect(found.map(({ name }) => name)).toEqual(found.map(({ name }) => name).toSorted());
    const place = { lat: 25, lng: 85, accuracyM: 10, at: now.toISOString() };
    await ekbaar.post('/api/v1/agents/a02/location', await ekbaar.token('a02', 'agent'), place);
    const { agent, track } = await get<{ agent: Record<string, unknown> & { cashPaise: number }; track: unknown[] }>(
      '/agents/a02',
    );
    expect(agent).toMatchObject({
      ...{ id: 'a02', position: { lat: 25, lng: 85 }, overdue: 0 },
      phones: [{ id: 'phone-of-a02', name: 'Redmi 9A', revokedAt: null }],
    });
    expect(agent.cashPaise).toBeGreaterThan(0);
    expect(agent['lastSeenAt']).not.toBeNull();
    expect(track).toHaveLength(1);
    const { agents: searched } = await get<{ agents: { id: string }[] }>('/agents?q=a02');
    expect(searched.map(({ id }) => id)).toEqual(['a02']);
  });

  test('the cash that they carry is the ledger’s, whatever they say of their day', async () => {
    const date = '2026-11-22';
    const cash = async () => (await get<{ agent: { cashPaise: number } }>('/agents/a03')).agent.cashPaise;
    const collect = async () => {
      const [row] = (await get<Page>('/deliveries?limit=1&agent=a03&kind=collection&status=pending')).rows;
      expect((await confirm(row?.id ?? '')).status).toBe(200);
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
    expect(await get('/agents/a03')).toMatchObject({ agent: { closedDay: date } });
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
      (await get<{ receipts: Refusal[] }>('/receipts?status=rejected&open=true', token)).receipts.map(({ key }) => key);
    const { rows } = await get<Page>('/deliveries?status=pending&agent=a01&limit=1');
    const key = crypto.randomUUID();
    const body = { amountPaise: 1, confirmedAt: now.toISOString() };
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
    const applied = (await get<{ receipts: Refusal[] }>('/receipts?status=applied&limit=1')).receipts[0]?.key;
    expect(refusal(await note(tokens.ops, 'x', applied))).toEqual([404, 'not_found']);
    expect((await note(tokens.region)).body).toMatchObject({ key, note: 'counted again', notedBy: 'ops-region' });
    expect(refusal(await note(tokens.ops, 'me too'))).toEqual([400, 'malformed']);
    expect(await open()).not.toContain(key);
    const { receipts } = await get<{ receipts: Refusal[] }>(`/receipts?q=${key}`);
    expect(receipts).toEqual([expect.objectContaining({ status: 'rejected', note: 'counted again' })]);
  });
});

describe('positions of the demo day', () => {
  test('are known as made up, until the agent says where they are', async () => {
    await ekbaar.query(
      sql`insert into agent_positions (tenant, agent_id, region_id, lat, lng, accuracy_m, at)
          select tenant, id, region_id, 25, 85, 9, ${now.toISOString()}::timestamptz from agents
          where id in ('a03', 'a04') and tenant in ('pennco', 'vishi')`,
    );
    await ekbaar.query(
      sql`insert into agent_track (tenant, agent_id, key, lat, lng, accuracy_m, at, demo)
          select tenant, agent_id, gen_random_uuid(), lat, lng, accuracy_m, at, agent_id = 'a03' or tenant = 'vishi'
          from agent_positions where agent_id in ('a03', 'a04')`,
    );
    const demo = async (token?: string) => (await get<{ demoAgents: string[] }>('/places', token)).demoAgents;
    expect(await demo()).toEqual(['a03']);
    expect(await demo(tokens.vishi)).toEqual(['a03', 'a04']);
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(now);
    expect(await get('/agents/a03?day=' + day)).toMatchObject({ demo: true });
    expect(await get('/agents/a04?day=' + day)).toMatchObject({ demo: false });
    const at = new Date(now.getTime() + 60_000).toISOString();
    now = new Date(at);
    const place = { lat: 25.1, lng: 85, accuracyM: 10, at };
    await ekbaar.post('/api/v1/agents/a03/location', await ekbaar.token('a03', 'agent'), place);
    expect(await demo()).toEqual([]);
  });
});

describe('saved filters', () => {
  test('are an account’s own, and are kept, replaced and removed', async () => {
    const put = (name: string, query: string, token = tokens.ops) =>
      ekbaar.post('/api/v1/records/filters', token, { name, query });
    expect((await put('Late', 'status=pending')).status).toBe(200);
    expect((await put('Late', 'status=failed')).body).toMatchObject({
      filters: [{ name: 'Late', query: 'status=failed' }],
    });
    expect(await get('/filters', tokens.vishi)).toEqual({ filters: [] });
    expect(await get('/filters', tokens.region)).toEqual({ filters: [] });
    const remove = (token: string) => ekbaar.post('/api/v1/records/filters/remove', token, { name: 'Late' });
    expect(refusal(await remove(tokens.vishi))).toEqual([404, 'not_found']);
    expect((await remove(tokens.ops)).body).toEqual({ filters: [] });
    expect(refusal(await put('', 'x'))).toEqual([400, 'malformed']);
  });

  test('are fifty at most, however many are saved at the same moment', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `Filter ${at}`);
    const saved = await Promise.all(
      names.map((name) => ekbaar.post('/api/v1/records/filters', tokens.vishi, { name, query: 'status=failed' })),
    );
    expect(saved.filter(({ status }) => status === 200)).toHaveLength(50);
    expect(saved.filter(({ status }) => status !== 200).map(refusal)).toEqual(
      Array.from({ length: 10 }, () => [400, 'malformed']),
    );
    const { filters } = (await get('/filters', tokens.vishi)) as { filters: unknown[] };
    expect(filters).toHaveLength(50);
  });
});

describe('density', () => {
  interface Density {
    readonly counts: Record<'sync' | 'confirmed' | 'failed', number[]>;
    readonly days: number[];
    readonly weeks: string[];
    readonly demo: boolean;
  }
  const sum = (counts: number[] | undefined) => (counts ?? []).reduce((all, count) => all + count, 0);

  test('has sync requests, confirmations and failures in the hour and weekday of India', async () => {
    now = new Date('2026-11-23T04:35:00Z'); // Monday, 10:05
    const before = await get<Density>('/density?weeks=1');
    for (let times = 0; times < 3; times++) await ekbaar.sync(tokens.agent);
    const { rows } = await get<Page>('/deliveries?status=pending&agent=a01&limit=2');
    for (const { id } of rows) await confirm(id);
    now = new Date('2026-11-23T04:36:00Z');
    const [failing] = (await get<Page>('/deliveries?status=pending&agent=a01&limit=1')).rows;
    const body = { deliveryId: failing?.id, reason: 'road_blocked' };
    await ekbaar.post('/v1/mutations/failDelivery', tokens.agent, body, { 'idempotency-key': crypto.randomUUID() });
    const after = await get<Density>('/density?weeks=1');
    const monday10 = 10;
    expect(after.counts.sync[monday10]).toBe((before.counts.sync[monday10] ?? 0) + 3);
    expect(after.counts.failed[monday10]).toBeGreaterThanOrEqual(1);
    expect(after.weeks).toContain('2026-11-23');
    expect(after.demo).toBe(false);
    // Asked again, nothing is counted twice.
    now = new Date('2026-11-23T04:40:00Z');
    const again = await get<Density>('/density?weeks=1');
    expect(again.counts).toEqual(after.counts);
    expect(sum((await get<Density>('/density?weeks=1', tokens.vishi)).counts.sync)).toBe(0);
    expect(sum((await get<Density>('/density?region=IN-BR-99')).counts.sync)).toBe(0);
    expect(sum((await get<Density>('/density?weeks=1', tokens.region)).counts.sync)).toBe(sum(after.counts.sync));
    const elsewhere = await ekbaar.token('ops-region', 'ops', 'pennco', { regions: ['IN-BR-99'] });
    expect(sum((await get<Density>('/density', elsewhere)).counts.sync)).toBe(0);
  });

  test('a row for each hour and region, however many requests', async () => {
    const rows = await ekbaar.query<{ kind: string; count: number }>(
      sql`select kind, count from traffic_hours where tenant = 'pennco' and kind = 'sync'`,
    );
    expect(rows.length).toBeLessThan(6);
  });
});

test('health says how the database is, and counts only the own tenant’s letters', async () => {
  const health = await get<{
    waiting: Record<string, number>;
    versions: { model: number };
    queues: { name: string }[];
    slowQueries: unknown;
  }>('/health');
  expect(health.waiting).toMatchObject({ deadLetters: 0, rejectedToday: expect.any(Number) });
  expect(health.versions.model).toBe(1);
  expect(health.queues.map(({ name }) => name)).toContain('sms');
  await get('/health', tokens.vishi);
});

test('the API page says who is asking', async () => {
  const facts = await get<{ you: unknown; rates: { agent: { perSecond: number } } }>('/api', tokens.region);
  expect(facts.you).toEqual({ tenant: 'pennco', sub: 'ops-region', role: 'ops', regions: [region] });
  expect(facts.rates.agent.perSecond).toBe(20);
});

test('what another app of the operator’s has written is shown, whatever a phone may enter', async () => {
  await ekbaar.query(sql`
    insert into deliveries (tenant, id, kind, status, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id, loan_id, instalment_no, amount_paise, due_on)
    values ('pennco', 'by-hand', 'collection', 'pending', 'a01', ${region}, repeat('v', 300), '800 001', '', '+91 (0)612 000 000 000 000', 'bfil', 'BFIL-1', 20000, 100, '0999-12-31')`);
  const row = { id: 'by-hand', pincode: '800 001', customerName: '', instalmentNo: 20_000, dueOn: '0999-12-31' };
  expect((await get<{ delivery: object }>('/deliveries/by-hand')).delivery).toMatchObject(row);
  expect((await all()).rows.find(({ id }) => id === 'by-hand')).toMatchObject(row);
});
