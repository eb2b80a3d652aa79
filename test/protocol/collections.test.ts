import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery } from './delivery.ts';
import { problemIn } from './problem.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

interface Page {
  rows: Record<string, unknown>[];
  next: string | null;
}

const page = async (token: string, query: string, collection = 'deliveries'): Promise<Page> => {
  const answer = await ekbaar.get(`/v1/collections/${collection}${query}`, token);
  if (answer.status !== 200) throw new Error(`${query}: ${answer.status} ${answer.text}`);
  return answer.body as Page;
};
const everyPage = async (token: string, query: string): Promise<Record<string, unknown>[]> => {
  const rows: Record<string, unknown>[] = [];
  for (let next: string | null = ''; next !== null;) {
    const got: Page = await page(token, `?${query}${next === '' ? '' : `&cursor=${encodeURIComponent(next)}`}`);
    rows.push(...got.rows);
    next = got.next;
  }
  return rows;
};
const opsToken = () => ekbaar.token('ops', 'ops');
const idsOf = (rows: readonly Record<string, unknown>[]) => rows.map(({ id }) => String(id));

describe('GET /v1/collections/{name}', () => {
  test('rows as clients see them, sorted by their key', async () => {
    const { rows, next } = await page(agent, '');
    expect(rows.length).toBeGreaterThan(10);
    expect(next).toBeNull();
    expect(idsOf(rows)).toEqual(idsOf(rows).toSorted());
    expect(rows[0]).not.toHaveProperty('tenant');
    const { delta } = await ekbaar.sync(agent);
    expect(rows[0]).toEqual(delta.changes.find(({ id }) => id === rows[0]?.['id'])?.row);
  });

  test('only what the token may read', async () => {
    const { rows } = await page(agent, '?limit=500');
    expect(new Set(rows.map((row) => row['agentId']))).toEqual(new Set(['a01']));
    expect((await page(agent, '?agentId=a02')).rows).toEqual([]);
    expect((await page(agent, '', 'disbursements')).rows).toEqual([]);
    expect((await page(await ekbaar.token('x', 'auditor'), '')).rows).toEqual([]);
  });

  test('filters: one, two together, one field with two values', async () => {
    const ops = await opsToken();
    const all = await everyPage(ops, 'limit=500');
    const kinds = await everyPage(ops, 'kind=collection');
    expect(idsOf(kinds)).toEqual(idsOf(all.filter((row) => row['kind'] === 'collection')));
    const both = await everyPage(ops, 'kind=collection&agentId=a02');
    expect(idsOf(both)).toEqual(idsOf(all.filter((row) => row['kind'] === 'collection' && row['agentId'] === 'a02')));
    const either = await everyPage(ops, 'agentId=a02&agentId=a03');
    expect(idsOf(either)).toEqual(idsOf(all.filter((row) => ['a02', 'a03'].includes(String(row['agentId'])))));
    expect((await page(ops, '?id=d0001')).rows).toHaveLength(1);
    expect((await page(ops, '?dueOn=2026-11-22')).rows.length).toBeGreaterThan(0);
  });

  test.each(['village=x', 'amountPaise=5', 'tenant=vishi', '__proto__=x', 'constructor=x'])(
    'the filter %s is not declared: malformed',
    async (query) => {
      expect(problemIn(await ekbaar.get(`/v1/collections/deliveries?${query}`, agent)).code).toBe('malformed');
    },
  );

  test.each(['dueOn=yesterday', 'status=%00', 'status=%ff', "status='%20or%20''='"])(
    'the value in %s is no failure of the server',
    async (query) => {
      expect((await ekbaar.get(`/v1/collections/deliveries?${query}`, agent)).status).toBeOneOf([200, 400]);
    },
  );

  test.each(['dueOn=someday', 'dueOn=2026-13-01', 'dueOn=%00'])(
    '%s: malformed, by the name of the field',
    async (query) => {
      const problem = problemIn(await ekbaar.get(`/v1/collections/deliveries?${query}`, agent));
      expect(problem).toMatchObject({ code: 'malformed', issues: [{ path: 'dueOn' }] });
    },
  );

  test('an id that no row can have: not_found', async () => {
    expect(problemIn(await ekbaar.get('/v1/collections/deliveries/%00', agent)).code).toBe('not_found');
  });

  test.each(['id', '-id', 'mfiId', '-mfiId', 'status', '-dueOn'])(
    'sort=%s, in pages of 7: every row once, in order',
    async (sort) => {
      const ops = await opsToken();
      const rows = await everyPage(ops, `sort=${sort}&limit=7`);
      expect(idsOf(rows).toSorted()).toEqual(idsOf(await everyPage(ops, 'limit=500')).toSorted());
      const field = sort.replace('-', '');
      const values = rows.map((row) => `${String(row[field])} ${String(row['id'])}`);
      const expected = values.toSorted();
      expect(values).toEqual(sort.startsWith('-') ? expected.toReversed() : expected);
    },
  );

  test('rows that come and go between two pages move no other', async () => {
    const regionId = 'IN-BR-keyset';
    const ids = ['k1', 'k3', 'k5', 'k7'];
    for (const id of ids) await addDelivery(ekbaar, { id, regionId });
    const ops = await opsToken();
    const first = await page(ops, `?regionId=${regionId}&limit=2`);
    expect(idsOf(first.rows)).toEqual(['k1', 'k3']);
    await ekbaar.query(sql`delete from deliveries where id in ('k1', 'k3')`);
    await addDelivery(ekbaar, { id: 'k2', regionId });
    const second = await page(ops, `?regionId=${regionId}&limit=2&cursor=${first.next}`);
    expect(idsOf(second.rows)).toEqual(['k5', 'k7']);
    expect(second.next).toBeNull();
  });

  test.each(['sort=village', 'sort=', 'sort=-', 'sort=--id', 'sort=id,status'])('%s: malformed', async (query) => {
    expect(problemIn(await ekbaar.get(`/v1/collections/deliveries?${query}`, agent)).code).toBe('malformed');
  });

  test.each(['limit=0', 'limit=-1', 'limit=ten', 'limit=1e3', 'limit=', 'cursor=nonsense', 'cursor=e30'])(
    '%s: malformed',
    async (query) => {
      expect(problemIn(await ekbaar.get(`/v1/collections/deliveries?${query}`, agent)).code).toBe('malformed');
    },
  );

  test.each(['nothing', 'constructor', 'toString', '__proto__'])(
    'a filter by %s: malformed, by that name',
    async (name) => {
      for (const path of ['/v1/collections/deliveries', '/api/v1/deliveries']) {
        const problem = problemIn(await ekbaar.get(`${path}?${name}=1`, agent));
        expect(problem).toMatchObject({ code: 'malformed', issues: [{ path: name }] });
        expect(problem.detail).toContain(`"${name}"`);
      }
    },
  );

  test('an empty cursor is the first page, as of a pull', async () => {
    const [first, empty] = [await page(agent, '?limit=2'), await page(agent, '?limit=2&cursor=')];
    expect(empty).toEqual(first);
  });

  test('a cursor belongs to its sort', async () => {
    const { next } = await page(agent, '?limit=1');
    expect(problemIn(await ekbaar.get(`/v1/collections/deliveries?sort=status&cursor=${next}`, agent)).code).toBe(
      'malformed',
    );
  });

  test.each([
    ['\0', 'd'],
    ['d', '\0'],
    [null, null],
  ])('a forged cursor at %j is no failure of the server', async (...at) => {
    const cursor = Buffer.from(JSON.stringify(['id', ...at])).toString('base64url');
    expect(problemIn(await ekbaar.get(`/v1/collections/deliveries?cursor=${cursor}`, agent)).code).toBe('malformed');
  });

  test('at most 500 rows in a page', async () => {
    await ekbaar.query(sql`
      insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id,
        loan_id, instalment_no, amount_paise, due_on)
      select 'vishi', 'many-' || n, 'collection', 'a09', 'IN-MH-many', 'v', '411001', 'c', 'p', 'bfil', 'l' || n, 1, 100, '2026-11-22'
      from generate_series(1, 620) n`);
    const many = await ekbaar.token('a09', 'agent', 'vishi');
    for (const limit of ['9999', '9'.repeat(400)]) expect((await page(many, `?limit=${limit}`)).rows).toHaveLength(500);
    expect(await everyPage(many, 'limit=500')).toHaveLength(620);
  });

  test('a collection that the model does not have: 404', async () => {
    for (const name of ['ledgerEntries', 'receipts', '__proto__', 'agent_track']) {
      expect(problemIn(await ekbaar.get(`/v1/collections/${name}`, agent)).code).toBe('not_found');
      expect(problemIn(await ekbaar.get(`/v1/collections/${name}/x`, agent)).code).toBe('not_found');
    }
  });
});

describe('GET /v1/collections/{name}/{id}', () => {
  test('a row', async () => {
    const answer = await ekbaar.get('/v1/collections/deliveries/d0001', agent);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: 'd0001', agentId: 'a01' });
  });

  test('one that is not, and one that the token may not read, look the same: 404', async () => {
    const nowhere = problemIn(await ekbaar.get('/v1/collections/deliveries/zzzzz', agent));
    const others = problemIn(await ekbaar.get('/v1/collections/deliveries/d0002', agent));
    expect([nowhere.code, others.code]).toEqual(['not_found', 'not_found']);
    expect(others.detail?.replace('d0002', 'zzzzz')).toBe(nowhere.detail);
  });

  test('needs a token', async () => {
    expect(problemIn(await ekbaar.get('/v1/collections/deliveries', null)).code).toBe('unauthenticated');
    expect(problemIn(await ekbaar.get('/v1/collections/deliveries/d0001', null)).code).toBe('unauthenticated');
  });
});
