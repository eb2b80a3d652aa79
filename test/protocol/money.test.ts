import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm, type DeliveryRow } from './delivery.ts';
import { device } from './device.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const entriesOf = ({ id }: DeliveryRow) =>
  ekbaar.query<{ kind: string; account: string; paise: number }>(
    sql`select kind, account_id as account, amount_paise::int as paise from ledger_entries where delivery_id = ${id} order by kind`,
  );
const jobsOf = ({ id }: DeliveryRow) =>
  ekbaar.query<{ name: string; data: Record<string, unknown> }>(
    sql`select name, data from pgboss.job where data ->> 'deliveryId' = ${id} order by name`,
  );
const settle = async (id: string, amountPaise: number, bankRef = 'UTR1') =>
  device(ekbaar, await ekbaar.token('settlement', 'settlement')).mutate({
    name: 'reconcileDisbursement',
    args: { disbursementId: `b-${id}`, bankRef, amountPaise },
  });

describe('the ledger', () => {
  test('a collection: the agent’s cash is debited, the MFI credited', async () => {
    const delivery = await addDelivery(ekbaar);
    await device(ekbaar, agent).mutate(confirm(delivery));
    expect(await entriesOf(delivery)).toEqual([
      { kind: 'credit', account: 'mfi:bfil', paise: 124_000 },
      { kind: 'debit', account: 'agent_cash:a01', paise: 124_000 },
    ]);
  });

  test('a disbursement: the other way round', async () => {
    const delivery = await addDelivery(ekbaar, { kind: 'disbursement', amountPaise: 2_500_000 });
    await device(ekbaar, agent).mutate(confirm(delivery));
    expect(await entriesOf(delivery)).toEqual([
      { kind: 'credit', account: 'agent_cash:a01', paise: 2_500_000 },
      { kind: 'debit', account: 'mfi:bfil', paise: 2_500_000 },
    ]);
  });

  test('none for what was refused, failed or cancelled', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    await phone.mutate(confirm({ ...delivery, amountPaise: 5 }));
    await phone.mutate({ name: 'failDelivery', args: { deliveryId: delivery.id, reason: 'away' } });
    expect(await entriesOf(delivery)).toEqual([]);
  });

  test.each(['kind', 'status'])('none for a %s that another program made up: it waits for somebody', async (column) => {
    const [before, odd, behind] = [await addDelivery(ekbaar), await addDelivery(ekbaar), await addDelivery(ekbaar)];
    await ekbaar.query(sql`update deliveries set ${sql.identifier(column)} = 'on hold' where id = ${odd.id}`);
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(before), confirm(odd), confirm(behind));
    const { receipts, stopped } = await phone.sync({ mutations });
    expect(receipts).toMatchObject([{ id: 1, status: 'applied' }]);
    expect(stopped).toMatchObject({ id: 2, code: 'halted' });
    expect(ekbaar.failures.at(-1)).toMatchObject({ error: expect.stringContaining(`Delivery ${odd.id} is "on hold"`) });
    expect([(await entriesOf(before)).length, await entriesOf(odd), await jobsOf(odd)]).toEqual([2, [], []]);
  });

  test('debits equal credits and each confirmed delivery has one pair, after replays, races and refusals', async () => {
    const deliveries = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        addDelivery(ekbaar, { tenant: 'vishi', kind: at % 3 === 0 ? 'disbursement' : 'collection' }),
      ),
    );
    const token = await ekbaar.token('a01', 'agent', 'vishi');
    const phones = [device(ekbaar, token), device(ekbaar, token), device(ekbaar, token)];
    const sent = phones.map((phone) => phone.next(...deliveries.map((delivery) => confirm(delivery))));
    await Promise.all(phones.flatMap((phone, at) => [1, 2].map(() => phone.sync({ mutations: sent[at] ?? [] }))));
    const [sums] = await ekbaar.query(sql`
      select sum(amount_paise) filter (where kind = 'debit') = sum(amount_paise) filter (where kind = 'credit') as balanced,
        count(*)::int as entries,
        (select count(*)::int from deliveries where tenant = 'vishi' and status = 'confirmed') as confirmed
      from ledger_entries where tenant = 'vishi'`);
    expect(sums).toEqual({ balanced: true, entries: 40, confirmed: 20 });
    for (const delivery of deliveries) expect(await jobsOf(delivery)).toHaveLength(2);
  });
});

describe('the outbox', () => {
  test('one SMS and one webhook for a confirmation, however often it is sent', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery));
    const [receipt] = (await phone.sync({ mutations })).receipts;
    await phone.sync({ mutations });
    await device(ekbaar, agent).sync({ mutations });
    const { receiptNo } = (receipt?.result ?? {}) as { receiptNo?: string };
    const about = { deliveryId: delivery.id, kind: 'collection', amountPaise: 124_000, receiptNo };
    const origin = { key: receipt?.key, tenant: 'pennco' };
    expect(await jobsOf(delivery)).toEqual([
      {
        name: 'mfi-webhook',
        data: { ...about, ...origin, mfiId: 'bfil', loanId: delivery.loanId, instalmentNo: 1 },
      },
      { name: 'sms', data: { ...about, ...origin, to: '+910000000001' } },
    ]);
  });

  test('none for a confirmation that was refused', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    await phone.mutate(confirm({ ...delivery, amountPaise: 5 }));
    expect(await jobsOf(delivery)).toEqual([]);
    await phone.mutate(confirm(delivery));
    await device(ekbaar, agent).mutate(confirm(delivery));
    expect(await jobsOf(delivery)).toHaveLength(2);
  });
});

describe('receipt numbers', () => {
  test('follow from the key: short, and without letters to mishear', async () => {
    const numbers = new Set<string>();
    const phone = device(ekbaar, agent);
    for (let at = 0; at < 20; at++) {
      const { result } = await phone.mutate(confirm(await addDelivery(ekbaar)));
      numbers.add((result as { receiptNo: string }).receiptNo);
    }
    expect(numbers.size).toBe(20);
    for (const number of numbers) expect(number).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
  });
});

describe('device times', () => {
  test('a confirmation from the future counts as the server’s now', async () => {
    const delivery = await addDelivery(ekbaar);
    const args = { deliveryId: delivery.id, amountPaise: 124_000, confirmedAt: '2099-01-01T00:00:00Z' };
    await device(ekbaar, agent).mutate({ name: 'confirmDelivery', args });
    const [row] = await ekbaar.query(
      sql`select confirmed_at between now() - interval '1 minute' and now() + interval '1 minute' as now from deliveries
          where id = ${delivery.id}`,
    );
    expect(row).toEqual({ now: true });
  });
});

describe('closeDay', () => {
  test('tells how the agent’s count differs from the ledger; the day is that of India; once', async () => {
    const token = await ekbaar.token('a77', 'agent');
    const phone = device(ekbaar, token);
    const at = async (confirmedAt: string, given: Partial<DeliveryRow>) => {
      const { id, amountPaise } = await addDelivery(ekbaar, { ...given, agentId: 'a77' });
      const receipt = await phone.mutate({
        name: 'confirmDelivery',
        args: { deliveryId: id, amountPaise, confirmedAt },
      });
      expect(receipt.status).toBe('applied');
    };
    await at('2026-11-21T18:29:59.999Z', { amountPaise: 1 }); // 23:59:59.999 of the 21st
    await at('2026-11-21T18:30:00Z', { amountPaise: 10_000 }); // midnight
    await at('2026-11-22T12:00:00+05:30', { amountPaise: 20_000 });
    await at('2026-11-22T12:05:00+05:30', { amountPaise: 500_000, kind: 'disbursement' });
    await at('2026-11-22T18:29:59.999Z', { amountPaise: 40_000 });
    await at('2026-11-22T18:30:00Z', { amountPaise: 2 }); // midnight of the 23rd

    const counted = { date: '2026-11-22', collectedPaise: 71_000, disbursedPaise: 499_000, count: 4 };
    expect(await phone.mutate({ name: 'closeDay', args: counted })).toMatchObject({
      status: 'applied',
      result: { differences: { collectedPaise: 1000, disbursedPaise: -1000, count: 0 } },
    });
    expect((await phone.mutate({ name: 'closeDay', args: counted })).error?.code).toBe('already_closed');
    const before = { ...counted, date: '2026-11-21', collectedPaise: 1, disbursedPaise: 0, count: 1 };
    expect(await phone.mutate({ name: 'closeDay', args: before })).toMatchObject({
      result: { differences: { collectedPaise: 0, disbursedPaise: 0, count: 0 } },
    });
  });

  test.each(['2026-02-30', '2026-13-01', '22.11.2026', '0000-01-01'])('the date %s: invalid_args', async (date) => {
    const args = { date, collectedPaise: 0, disbursedPaise: 0, count: 0 };
    expect((await device(ekbaar, agent).mutate({ name: 'closeDay', args })).error?.code).toBe('invalid_args');
  });

  test('the date 1000-01-01 is a day like any other', async () => {
    const args = { date: '1000-01-01', collectedPaise: 0, disbursedPaise: 0, count: 0 };
    expect((await device(ekbaar, agent).mutate({ name: 'closeDay', args })).status).toBe('applied');
  });

  test('a day to come counts as the server’s today', async () => {
    const phone = device(ekbaar, agent);
    const args = { date: '9999-12-31', collectedPaise: 0, disbursedPaise: 0, count: 0 };
    expect((await phone.mutate({ name: 'closeDay', args })).status).toBe('applied');
    const closed = await ekbaar.query<{ date: string; today: boolean }>(
      sql`select date::text, date = (now() at time zone 'Asia/Kolkata')::date as today from day_closings
          where agent_id = 'a01' and date > '1000-01-01'`,
    );
    expect(closed).toEqual([{ date: expect.any(String), today: true }]);
    const today = { ...args, date: closed[0]?.date };
    expect((await phone.mutate({ name: 'closeDay', args: today })).error?.code).toBe('already_closed');
  });
});

describe('reconcileDisbursement', () => {
  const paidOut = async () => {
    const delivery = await addDelivery(ekbaar, { kind: 'disbursement', amountPaise: 2_500_000 });
    await device(ekbaar, agent).mutate(confirm(delivery));
    return delivery;
  };
  const rowOf = async ({ id }: DeliveryRow) => {
    const [row] = await ekbaar.query<Record<string, unknown>>(
      sql`select status, bank_ref, reconciled_at is not null as dated from disbursements where delivery_id = ${id}`,
    );
    return row;
  };

  test('the same amount: reconciled; again: already_reconciled', async () => {
    const delivery = await paidOut();
    expect(await settle(delivery.id, 2_500_000)).toMatchObject({ status: 'applied', result: { status: 'reconciled' } });
    expect(await rowOf(delivery)).toEqual({ status: 'reconciled', bank_ref: 'UTR1', dated: true });
    expect((await settle(delivery.id, 2_500_000)).error?.code).toBe('already_reconciled');
  });

  test('another amount: a mismatch, which a later line of the bank may mend', async () => {
    const delivery = await paidOut();
    expect(await settle(delivery.id, 2_400_000)).toMatchObject({ status: 'applied', result: { status: 'mismatch' } });
    expect(await rowOf(delivery)).toMatchObject({ status: 'mismatch' });
    expect(await settle(delivery.id, 2_500_000, 'UTR2')).toMatchObject({ result: { status: 'reconciled' } });
  });

  test('one that has not been paid out: not_disbursed; one that is not: not_found', async () => {
    const delivery = await addDelivery(ekbaar, { kind: 'disbursement' });
    expect((await settle(delivery.id, delivery.amountPaise)).error?.code).toBe('not_disbursed');
    expect((await settle('nowhere', 5)).error?.code).toBe('not_found');
  });
});
