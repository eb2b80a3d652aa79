import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from '../sign-in/people.ts';
import type { FieldOps } from '../support/field-ops.ts';
import { idsOf, type Page, type Records, type Row, startRecords } from './records.ts';

let records: Records;
let ekbaar: FieldOps;
let tokens: Records['tokens'];
beforeAll(async () => {
  records = await startRecords();
  ({ ekbaar, tokens } = records);
});
afterAll(() => records.close());

describe('deliveries', () => {
  test('come in keyset pages, in any order, each once', async () => {
    const whole = await records.all();
    expect(whole.rows).toHaveLength(90);
    expect(whole.next).toBeNull();
    for (const sort of ['-amountPaise', 'customerName', 'agentName', '-dueOn', '-confirmedAt', 'village', '-id']) {
      const ids: string[] = [];
      let next: string | null = '';
      for (let pages = 0; next !== null && pages < 20; pages++) {
        const page: Page = await records.get(`/deliveries?limit=13&sort=${sort}&cursor=${next}`);
        expect(page.totals === null).toBe(pages > 0);
        ids.push(...idsOf(page));
        next = page.next;
      }
      expect(new Set(ids).size).toBe(90);
      expect(ids).toHaveLength(90);
    }
    const byAmount = await records.get<Page>('/deliveries?limit=500&sort=-amountPaise');
    const amounts = byAmount.rows.map(({ amountPaise }) => amountPaise);
    expect(amounts).toEqual(amounts.toSorted((a, b) => b - a));
  });

  test('are found by every filter, alone and together', async () => {
    const { rows } = await records.all();
    const fits = async (query: string, wanted: (row: Row) => boolean) => {
      const found = idsOf(await records.get<Page>(`/deliveries?limit=500&sort=id&${query}`));
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
    await fits(
      `region=${records.region}&kind=disbursement`,
      (row) => row.regionId === records.region && row.kind === 'disbursement',
    );
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
    const { totals, rows } = await records.all();
    expect(totals?.['pending']).toEqual({
      count: rows.filter(({ status }) => status === 'pending').length,
      amountPaise: rows
        .filter(({ status }) => status === 'pending')
        .reduce((sum, { amountPaise }) => sum + amountPaise, 0),
    });
  });

  test('of another program’s kind and status are listed, counted and shown', async () => {
    const [first] = (await records.all()).rows;
    if (first === undefined) throw new Error('no deliveries');
    const { id, kind, status } = first;
    const write = (to: { kind: string; status: string }) =>
      ekbaar.query(
        sql`update deliveries set kind = ${to.kind}, status = ${to.status} where tenant = 'pennco' and id = ${id}`,
      );
    const others = { kind: 'refund', status: 'returned' };
    await write(others);
    const { rows, totals } = await records.all();
    expect(rows.find((row) => row.id === id)).toMatchObject(others);
    expect(totals).toMatchObject({ returned: { count: 1 }, cancelled: { count: 0 } });
    expect(idsOf(await records.get<Page>('/deliveries?status=returned&kind=refund'))).toEqual([id]);
    expect(await records.get(`/deliveries/${id}`)).toMatchObject({ delivery: others });
    await write({ kind, status });
  });

  test.each(['limit=0', 'limit=no', 'sort=password', 'cursor=x', 'dueFrom=yesterday', 'amountFrom=-1', 'q=%00'])(
    'a question with %s is refused',
    async (query) => {
      expect(refusal(await ekbaar.get(`/api/v1/records/deliveries?${query}`, tokens.ops))).toEqual([400, 'malformed']);
    },
  );

  test('a cursor is good for its own question only', async () => {
    const { next } = await records.get<Page>('/deliveries?limit=5&sort=id');
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
    const whole = await records.all();
    const own = await records.all(tokens.region);
    expect(idsOf(own)).toEqual(
      idsOf(whole).filter((id) => whole.rows.find((row) => row.id === id)?.regionId === records.region),
    );
    expect(own.rows.length).toBeLessThan(whole.rows.length);
    expect((await records.get<Page>('/deliveries?region=IN-BR-99', tokens.region)).rows).toEqual([]);
    const elsewhere = whole.rows.find(({ regionId }) => regionId !== records.region);
    const path = `/api/v1/records/deliveries/${elsewhere?.id}`;
    expect(refusal(await ekbaar.get(path, tokens.region))).toEqual([404, 'not_found']);
    const { agents } = await records.get<{ agents: { id: string; regionId: string }[] }>('/agents', tokens.region);
    expect(new Set(agents.map(({ regionId }) => regionId))).toEqual(new Set([records.region]));
    const agentPath = `/api/v1/records/agents/${elsewhere?.agentId}`;
    expect(refusal(await ekbaar.get(agentPath, tokens.region))).toEqual([404, 'not_found']);
    expect(refusal(await ekbaar.get('/api/v1/records/health', tokens.region))).toEqual([403, 'forbidden']);
  });

  test('another operator’s rows are not there', async () => {
    await ekbaar.query(sql`update deliveries set customer_name = 'Only Vishi' where tenant = 'vishi' and id = 'd0001'`);
    expect((await records.get<Page>('/deliveries?q=only%20vishi')).rows).toEqual([]);
    expect((await records.get<Page>('/deliveries?q=only%20vishi', tokens.vishi)).rows).toHaveLength(1);
    const key = crypto.randomUUID();
    const [first] = (await records.all()).rows;
    expect((await records.confirm(first?.id ?? '', {}, key)).status).toBe(200);
    const { receipts } = await records.get<{ receipts: unknown[] }>('/receipts', tokens.vishi);
    expect(receipts).toEqual([]);
    const own = await records.get<{ receipts: { key: string }[] }>(`/receipts?q=${key}`);
    expect(own.receipts.map((receipt) => receipt.key)).toEqual([key]);
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
    expect(await records.get('/filters', tokens.vishi)).toEqual({ filters: [] });
    expect(await records.get('/filters', tokens.region)).toEqual({ filters: [] });
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
    const { filters } = (await records.get('/filters', tokens.vishi)) as { filters: unknown[] };
    expect(filters).toHaveLength(50);
  });
});

test('health says how the database is, and counts only the own tenant’s letters', async () => {
  const health = await records.get<{
    waiting: Record<string, number>;
    versions: { model: number };
    queues: { name: string }[];
    slowQueries: unknown;
  }>('/health');
  expect(health.waiting).toMatchObject({ deadLetters: 0, rejectedToday: expect.any(Number) });
  expect(health.versions.model).toBe(1);
  expect(health.queues.map(({ name }) => name)).toContain('sms');
  await records.get('/health', tokens.vishi);
});

test('the API page says who is asking', async () => {
  const facts = await records.get<{ you: unknown; rates: { agent: { perSecond: number } } }>('/api', tokens.region);
  expect(facts.you).toEqual({ tenant: 'pennco', sub: 'ops-region', role: 'ops', regions: [records.region] });
  expect(facts.rates.agent.perSecond).toBe(20);
});

test('what another app of the operator’s has written is shown, whatever a phone may enter', async () => {
  await ekbaar.query(sql`
    insert into deliveries (tenant, id, kind, status, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id, loan_id, instalment_no, amount_paise, due_on)
    values ('pennco', 'by-hand', 'collection', 'pending', 'a01', ${records.region}, repeat('v', 300), '800 001', '', '+91 (0)612 000 000 000 000', 'bfil', 'BFIL-1', 20000, 100, '0999-12-31')`);
  const row = { id: 'by-hand', pincode: '800 001', customerName: '', instalmentNo: 20_000, dueOn: '0999-12-31' };
  expect((await records.get<{ delivery: object }>('/deliveries/by-hand')).delivery).toMatchObject(row);
  expect((await records.all()).rows.find(({ id }) => id === 'by-hand')).toMatchObject(row);
});
