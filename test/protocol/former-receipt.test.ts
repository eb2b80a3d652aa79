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

describe('a mutation sent again with its former receipt, to a database that lost it', () => {
  test('formerly applied: it runs, and makes the same receipt number', async () => {
    const delivery = await addDelivery(ekbaar);
    const key = crypto.randomUUID();
    const former = await device(ekbaar, agent).mutate(confirm(delivery, { key }));
    // The restored backup knows nothing of it.
    await ekbaar.query(sql`delete from sync.receipts where key = ${key}`);
    await ekbaar.query(sql`delete from sync.once where key = ${key}`);
    await ekbaar.query(sql`delete from ledger_entries where key = ${key}`);
    await ekbaar.query(
      sql`update deliveries set status = 'pending', receipt_no = null, confirmed_at = null where id = ${delivery.id}`,
    );
    const again = await device(ekbaar, agent).mutate(
      confirm(delivery, { key, receipt: { status: 'applied', result: former.result } }),
    );
    expect(again).toMatchObject({ status: 'applied', result: former.result, replayed: false });
    expect(await statusOf(ekbaar, delivery)).toBe('confirmed');
  });

  test('formerly rejected: recorded as that, not run', async () => {
    const delivery = await addDelivery(ekbaar);
    const error = { code: 'cancelled', message: 'It was cancelled', details: { by: 'ops' } };
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery, { receipt: { status: 'rejected', error } }));
    const { receipts } = await phone.sync({ mutations });
    expect(receipts).toMatchObject([{ id: 1, status: 'rejected', error, replayed: false }]);
    expect(await statusOf(ekbaar, delivery)).toBe('pending');
    expect((await phone.sync({ mutations })).receipts).toMatchObject([{ status: 'rejected', error, replayed: true }]);
  });

  test('formerly applied, refused now: dead, after_restore', async () => {
    const delivery = await addDelivery(ekbaar, { agentId: 'a02' });
    const phone = device(ekbaar, agent);
    const mutations = phone.next(
      confirm(delivery, { receipt: { status: 'applied', result: { receiptNo: 'AAAAA-BBBBB' } } }),
      { name: '$skip' },
    );
    const { receipts, stopped } = await phone.sync({ mutations });
    expect(receipts).toMatchObject([
      { id: 1, status: 'dead', error: { code: 'after_restore', details: { code: 'not_assigned' } } },
      { id: 2, status: 'applied' },
    ]);
    expect(stopped).toBeNull();
    const [kept] = await ekbaar.query(sql`select status, name from sync.receipts where key = ${mutations[0]?.key}`);
    expect(kept).toEqual({ status: 'dead', name: 'confirmDelivery' });
  });

  test('formerly applied, and another device did it meanwhile: dead, after_restore', async () => {
    const delivery = await addDelivery(ekbaar);
    await device(ekbaar, agent).mutate(confirm(delivery));
    const receipt = { status: 'applied', result: { receiptNo: 'AAAAA-BBBBB' } } as const;
    expect(await device(ekbaar, agent).mutate(confirm(delivery, { receipt }))).toMatchObject({
      status: 'dead',
      error: { code: 'after_restore', details: { code: 'already_done' } },
    });
  });

  test('one that the server still has is answered from its own receipt', async () => {
    const delivery = await addDelivery(ekbaar);
    const key = crypto.randomUUID();
    const first = await device(ekbaar, agent).mutate(confirm(delivery, { key }));
    const receipt = { status: 'rejected', error: { code: 'cancelled', message: 'no' } } as const;
    expect(await device(ekbaar, agent).mutate(confirm(delivery, { key, receipt }))).toEqual({
      ...first,
      replayed: true,
    });
  });

  test('a former receipt with text that PostgreSQL has no place for stops nothing', async () => {
    const error = { code: 'cancelled\0', message: 'a\0b\ud800', details: { 'no\ude00te': '\0', path: '\\u0000' } };
    const phone = device(ekbaar, agent);
    const mutations = phone.next({ name: 'failDelivery', receipt: { status: 'rejected', error } });
    const details = { 'no\ufffdte': '\ufffd', path: '\\u0000' };
    const kept = { code: 'cancelled\ufffd', message: 'a\ufffdb\ufffd', details };
    expect((await phone.sync({ mutations })).receipts).toMatchObject([{ status: 'rejected', error: kept }]);
    expect((await phone.sync({ mutations })).receipts).toMatchObject([
      { status: 'rejected', error: kept, replayed: true },
    ]);
    const read = await ekbaar.query(
      sql`select error ->> 'code' as code from sync.receipts where key = ${mutations[0]?.key}`,
    );
    expect(read).toEqual([{ code: 'cancelled\ufffd' }]);
  });
});
