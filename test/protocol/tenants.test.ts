import type { Row } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { confirm } from './delivery.ts';
import { device } from './device.ts';
import { problemIn } from './problem.ts';
import { catchUp, Replica } from './replica.ts';

let ekbaar: FieldOps;
beforeAll(async () => {
  ekbaar = await startFieldOps();
});
afterAll(() => ekbaar.close());

const tenants = ['pennco', 'vishi', 'salesco'] as const;
const tableOf = { agents: sql`agents`, deliveries: sql`deliveries`, disbursements: sql`disbursements` } as const;

/** Every row that somebody of a tenant's operations gets. */
async function rowsOf(tenant: string): Promise<Map<string, Row>> {
  await ekbaar.server.engine.sweep();
  const token = await ekbaar.token('ops', 'ops', tenant);
  const replica = new Replica();
  await catchUp(replica, async (cursor) => (await ekbaar.sync(token, { cursor })).delta);
  return replica.rows;
}

describe('three operators on one server, with the same ids', () => {
  test('each gets its own rows and no other', async () => {
    for (const tenant of tenants) {
      const got = [...(await rowsOf(tenant))];
      const names = got.flatMap(([id, row]) => (id.startsWith('deliveries/') ? [String(row['loanId'])] : []));
      expect(names).toHaveLength(60);
      expect(names.every((loan) => loan.includes(`-${tenant.slice(0, 2).toUpperCase()}-`))).toBe(true);
      for (const [collection, table] of Object.entries(tableOf)) {
        const [own] = await ekbaar.query<{ count: number }>(
          sql`select count(*)::int as count from ${table} where tenant = ${tenant}`,
        );
        expect(got.filter(([id]) => id.startsWith(`${collection}/`))).toHaveLength(own?.count ?? -1);
      }
    }
  });

  test('a mutation touches the row of its tenant only', async () => {
    const [here] = await ekbaar.query<{ amountPaise: number }>(
      sql`select amount_paise::int as "amountPaise" from deliveries where tenant = 'vishi' and id = 'd0001'`,
    );
    const phone = device(ekbaar, await ekbaar.token('a01', 'agent', 'vishi'));
    const receipt = await phone.mutate(confirm({ id: 'd0001', amountPaise: here?.amountPaise ?? 0 }));
    expect(receipt.status).toBe('applied');
    const statuses = await ekbaar.query(sql`select tenant, status from deliveries where id = 'd0001' order by tenant`);
    expect(statuses).toEqual([
      { tenant: 'pennco', status: 'pending' },
      { tenant: 'salesco', status: 'pending' },
      { tenant: 'vishi', status: 'confirmed' },
    ]);
    const money = await ekbaar.query(sql`select distinct tenant from ledger_entries`);
    expect(money).toEqual([{ tenant: 'vishi' }]);
  });

  test('nothing in a request chooses another tenant', async () => {
    const phone = device(ekbaar, await ekbaar.token('a02', 'agent', 'vishi'));
    const args = { deliveryId: 'd0002', reason: 'away', tenant: 'pennco' };
    const answer = await ekbaar.trySync(phone.token, {
      clientId: phone.clientId,
      tenant: 'pennco',
      mutations: phone.next({ name: 'failDelivery', args }),
    });
    expect(answer.body).toMatchObject({ receipts: [{ status: 'applied' }] });
    const statuses = await ekbaar.query(sql`select tenant from deliveries where id = 'd0002' and status = 'failed'`);
    expect(statuses).toEqual([{ tenant: 'vishi' }]);
    const headers = { 'x-tenant': 'pennco', 'ekbaar-tenant': 'pennco' };
    const { body } = await ekbaar.get('/v1/collections/deliveries/d0002?', phone.token, headers);
    expect(body).toMatchObject({ status: 'failed' });
  });

  test('a tenant that nobody knows has nothing, and harms nothing', async () => {
    expect((await rowsOf('nobody')).size).toBe(0);
    const phone = device(ekbaar, await ekbaar.token('a01', 'agent', 'nobody'));
    expect((await phone.mutate(confirm({ id: 'd0003', amountPaise: 1 }))).error?.code).toBe('not_found');
  });

  test('a row that only another tenant has is not found by any way', async () => {
    await ekbaar.query(sql`
      insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id,
        loan_id, instalment_no, amount_paise, due_on)
      values ('salesco', 'only-there', 'collection', 'a01', 'IN-BR-09', 'v', '1', 'c', 'p', 'bfil', 'l', 1, 100, '2026-11-22')`);
    const [agent, ops] = await Promise.all([ekbaar.token('a01', 'agent'), ekbaar.token('ops', 'ops')]);
    for (const token of [agent, ops]) {
      expect(problemIn(await ekbaar.get('/v1/collections/deliveries/only-there', token)).code).toBe('not_found');
      expect((await ekbaar.get('/v1/collections/deliveries?id=only-there', token)).body).toMatchObject({ rows: [] });
    }
    const assign = { name: 'assignDelivery', args: { deliveryId: 'only-there', agentId: 'a02' } };
    expect((await device(ekbaar, ops).mutate(assign)).error?.code).toBe('not_found');
    expect((await device(ekbaar, agent).mutate(confirm({ id: 'only-there', amountPaise: 100 }))).error?.code).toBe(
      'not_found',
    );
    expect((await rowsOf('pennco')).has('deliveries/only-there')).toBe(false);
    expect((await rowsOf('salesco')).has('deliveries/only-there')).toBe(true);
  });

  test('agents of one tenant cannot be given work of another’s', async () => {
    await ekbaar.query(sql`insert into agents values ('salesco', 'only-sales', 'S', '+910', 'IN-TN-12', true)`);
    const ops = device(ekbaar, await ekbaar.token('ops', 'ops'));
    const assign = { name: 'assignDelivery', args: { deliveryId: 'd0004', agentId: 'only-sales' } };
    expect((await ops.mutate(assign)).error?.code).toBe('no_such_agent');
  });
});
