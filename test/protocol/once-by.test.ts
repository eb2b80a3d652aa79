import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm, statusOf } from './delivery.ts';
import { device } from './device.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

describe('confirmDelivery of a collection is once by loan and instalment', () => {
  test('the same agent’s second device is told when, and the first one’s receipt number', async () => {
    const delivery = await addDelivery(ekbaar);
    const first = await device(ekbaar, agent).mutate(confirm(delivery));
    const second = await device(ekbaar, agent).mutate(confirm(delivery));
    expect(second).toMatchObject({
      status: 'rejected',
      error: { code: 'already_done', details: { ...(first.result as object), at: expect.any(String) } },
    });
  });

  test('another delivery of the same instalment, by another agent: the receipt number and no more', async () => {
    const loanId = `LOAN-${crypto.randomUUID()}`;
    const one = await addDelivery(ekbaar, { loanId, instalmentNo: 7 });
    const two = await addDelivery(ekbaar, { loanId, instalmentNo: 7, agentId: 'a02', amountPaise: 99_000 });
    const first = await device(ekbaar, agent).mutate(confirm(one));
    const second = await device(ekbaar, await ekbaar.token('a02', 'agent')).mutate(confirm(two));
    expect(second.error).toMatchObject({ code: 'already_done' });
    expect(Object.keys(second.error?.details as object).toSorted()).toEqual(['at', 'receiptNo']);
    expect(second.error?.details).toMatchObject(first.result as object);
    expect(await statusOf(ekbaar, two)).toBe('pending');
  });

  test('the next instalment, and the same one of another tenant, are others', async () => {
    const loanId = `LOAN-${crypto.randomUUID()}`;
    const there = await ekbaar.token('a01', 'agent', 'vishi');
    const one = await addDelivery(ekbaar, { loanId, instalmentNo: 1 });
    const next = await addDelivery(ekbaar, { loanId, instalmentNo: 2 });
    const other = await addDelivery(ekbaar, { loanId, instalmentNo: 1, tenant: 'vishi' });
    expect((await device(ekbaar, agent).mutate(confirm(one))).status).toBe('applied');
    expect((await device(ekbaar, agent).mutate(confirm(next))).status).toBe('applied');
    expect((await device(ekbaar, there).mutate(confirm(other))).status).toBe('applied');
  });

  test('a refused confirmation does not use it up', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    expect(await phone.mutate(confirm({ ...delivery, amountPaise: 5 }))).toMatchObject({
      error: { code: 'amount_mismatch', details: { expectedPaise: delivery.amountPaise } },
    });
    expect((await phone.mutate(confirm(delivery))).status).toBe('applied');
  });

  test('whose delivery it is not learns nothing of an instalment that was paid', async () => {
    const delivery = await addDelivery(ekbaar);
    await device(ekbaar, agent).mutate(confirm(delivery));
    const stranger = device(ekbaar, await ekbaar.token('a02', 'agent'));
    const { error } = await stranger.mutate(confirm(delivery));
    expect(error?.code).toBe('not_assigned');
    expect(error).not.toHaveProperty('details');
  });

  test('a disbursement is guarded by its own status', async () => {
    const delivery = await addDelivery(ekbaar, { kind: 'disbursement' });
    const phone = device(ekbaar, agent);
    expect((await phone.mutate(confirm(delivery))).status).toBe('applied');
    expect((await phone.mutate(confirm(delivery))).error?.code).toBe('already_confirmed');
  });
});

describe('what the business refuses', () => {
  test('confirmDelivery: not_found, not_assigned, cancelled', async () => {
    const phone = device(ekbaar, agent);
    expect((await phone.mutate(confirm({ id: 'nowhere', amountPaise: 1 }))).error?.code).toBe('not_found');
    const others = await addDelivery(ekbaar, { agentId: 'a02' });
    expect((await phone.mutate(confirm(others))).error?.code).toBe('not_assigned');
    const cancelled = await addDelivery(ekbaar);
    await ekbaar.query(sql`update deliveries set status = 'cancelled' where id = ${cancelled.id}`);
    expect((await phone.mutate(confirm(cancelled))).error?.code).toBe('cancelled');
  });

  test('failDelivery: not_found, not_assigned, already_confirmed, cancelled; and a failed one can be confirmed', async () => {
    const phone = device(ekbaar, agent);
    const fail = (deliveryId: string) => phone.mutate({ name: 'failDelivery', args: { deliveryId, reason: 'away' } });
    expect((await fail('nowhere')).error?.code).toBe('not_found');
    expect((await fail((await addDelivery(ekbaar, { agentId: 'a02' })).id)).error?.code).toBe('not_assigned');
    const delivery = await addDelivery(ekbaar);
    expect((await fail(delivery.id)).status).toBe('applied');
    expect(await statusOf(ekbaar, delivery)).toBe('failed');
    expect((await phone.mutate(confirm(delivery))).status).toBe('applied');
    expect((await fail(delivery.id)).error?.code).toBe('already_confirmed');
    const cancelled = await addDelivery(ekbaar);
    await ekbaar.query(sql`update deliveries set status = 'cancelled' where id = ${cancelled.id}`);
    expect((await fail(cancelled.id)).error?.code).toBe('cancelled');
  });

  test('assignDelivery and cancelDelivery: not_found, not_pending, no_such_agent; only in one’s own regions', async () => {
    const ops = device(ekbaar, await ekbaar.token('ops', 'ops'));
    const elsewhere = device(ekbaar, await ekbaar.token('o2', 'ops', 'pennco', { regions: ['IN-BR-other'] }));
    const assign = (deliveryId: string, agentId = 'a02') => ({ name: 'assignDelivery', args: { deliveryId, agentId } });
    const cancel = (deliveryId: string) => ({ name: 'cancelDelivery', args: { deliveryId, reason: 'loan withdrawn' } });
    const delivery = await addDelivery(ekbaar);
    expect((await ops.mutate(assign('nowhere'))).error?.code).toBe('not_found');
    expect((await ops.mutate(cancel('nowhere'))).error?.code).toBe('not_found');
    expect((await elsewhere.mutate(assign(delivery.id))).error?.code).toBe('not_found');
    expect((await elsewhere.mutate(cancel(delivery.id))).error?.code).toBe('not_found');
    expect((await ops.mutate(assign(delivery.id, 'nobody'))).error?.code).toBe('no_such_agent');
    // Theirs, but the agent is not: the same answer as of nobody.
    const regional = device(ekbaar, await ekbaar.token('o3', 'ops', 'pennco', { regions: [delivery.regionId] }));
    const [foreign, none] = [
      await regional.mutate(assign(delivery.id)),
      await regional.mutate(assign(delivery.id, 'nobody')),
    ];
    expect(foreign.error).toEqual({ ...none.error, message: none.error?.message.replace('nobody', 'a02') });
    expect(foreign.error?.code).toBe('no_such_agent');
    await ekbaar.query(sql`insert into agents values ('pennco', 'theirs', 'T', '+910', ${delivery.regionId}, true)`);
    expect((await regional.mutate(assign(delivery.id, 'theirs'))).status).toBe('applied');
    expect((await ops.mutate(assign(delivery.id))).status).toBe('applied');
    expect((await ops.mutate(cancel(delivery.id))).status).toBe('applied');
    expect((await ops.mutate(cancel(delivery.id))).error?.code).toBe('not_pending');
    expect((await ops.mutate(assign(delivery.id))).error?.code).toBe('not_pending');
  });
});
