import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ReceiptFacts,
  receiptCheck,
  receiptLines,
  receiptText,
} from '../../examples/field-ops/src/receipt-text.ts';
import { receiptNumber } from '../../examples/field-ops/src/server/receipt-number.ts';
import { addDelivery, confirm, type DeliveryRow } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';

let ekbaar: FieldOps;
let ops: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  ops = await ekbaar.token('ops', 'ops');
});
afterAll(() => ekbaar.close());

/** A delivery that its agent confirmed, and the receipt that their phone showed. */
async function confirmed(given: Partial<DeliveryRow> = {}, confirmedAt = '2026-11-22T04:34:05.123Z') {
  const delivery = await addDelivery(ekbaar, given);
  const { id, kind, amountPaise, loanId, instalmentNo } = delivery;
  const args = { ...(confirm(delivery).args as object), confirmedAt };
  const { key, status } = await device(ekbaar, await ekbaar.token('a01', 'agent')).mutate({
    ...{ name: 'confirmDelivery', args },
  });
  expect(status).toBe('applied');
  const facts: ReceiptFacts = {
    ...{ receiptNo: receiptNumber(key), operator: 'PennCo', deliveryId: id, kind, amountPaise, loanId, instalmentNo },
    confirmedAt,
  };
  return { facts, key };
}

/** What operations hear of a receipt with these facts and a check that fits them, as only the agent's phone can write it. */
async function verdictOn(facts: ReceiptFacts, key: string, token = ops) {
  const lines = receiptLines(facts);
  const text = receiptText(lines, await receiptCheck(lines, key));
  return (await ekbaar.post('/api/v1/receipts/check', token, { text })).body;
}

test('a receipt is genuine when the books have it word for word', async () => {
  const { facts, key } = await confirmed();
  const books = { receiptNo: facts.receiptNo, amountPaise: facts.amountPaise };
  expect(await verdictOn(facts, key)).toEqual({ verdict: 'genuine', ...books });
  const paidOut = await confirmed({ kind: 'disbursement', amountPaise: 2_500_005 });
  expect(await verdictOn(paidOut.facts, paidOut.key)).toMatchObject({ verdict: 'genuine' });
  // A phone whose clock is ahead shows its own time; in the books it is the server's.
  const ahead = await confirmed({}, '2099-01-01T00:00:00.000Z');
  expect(await verdictOn(ahead.facts, ahead.key)).toMatchObject({ verdict: 'genuine' });
});

test('the agent, who knows the key, writes a check for other lines: altered', async () => {
  const { facts, key } = await confirmed();
  const books = { receiptNo: facts.receiptNo, amountPaise: facts.amountPaise };
  for (const forged of [
    { amountPaise: facts.amountPaise * 3 },
    { loanId: 'SOMEBODY-ELSES' },
    { instalmentNo: 2 },
    { instalmentNo: null },
    { kind: 'disbursement' },
    { receiptNo: 'AAAAA-AAAAA' },
    { operator: 'Vishi' },
    { confirmedAt: '2026-11-21T04:34:05.123Z' },
  ] as const)
    expect([forged, await verdictOn({ ...facts, ...forged }, key)]).toEqual([forged, { verdict: 'altered', ...books }]);
});

test('a check with another key: altered; what nobody confirmed: unconfirmed, as what is of another region', async () => {
  const { facts, key } = await confirmed();
  expect(await verdictOn(facts, crypto.randomUUID())).toMatchObject({ verdict: 'altered' });
  const pending = await addDelivery(ekbaar);
  const nothing = { verdict: 'unconfirmed', receiptNo: null, amountPaise: null };
  expect(await verdictOn({ ...facts, deliveryId: pending.id }, key)).toEqual(nothing);
  const elsewhere = await ekbaar.token('o2', 'ops', 'pennco', { regions: ['IN-BR-other'] });
  expect(await verdictOn(facts, key, elsewhere)).toEqual(nothing);
});

test('another program’s books without the phone’s word: the time that they have', async () => {
  const { facts, key } = await confirmed();
  await ekbaar.query(sql`delete from sync.receipts where key = ${key}`);
  expect(await verdictOn(facts, key)).toMatchObject({ verdict: 'genuine' });
});

test('who may not ask hears for whom the route is', async () => {
  const refusalOf = async (path: string, role: 'agent' | 'settlement', regions: string[]) => {
    const { status, body } = await ekbaar.get(path, await ekbaar.token('x01', role, 'pennco', { regions }));
    return [status, (body as { detail?: string }).detail];
  };
  const refused = (whom: string) => [403, `x01 may not do this: it is for ${whom}`];
  const day = '2026-11-22';
  expect(await refusalOf(`/api/v1/day-close/regions?date=${day}`, 'agent', [])).toEqual(refused('ops and settlement'));
  expect(await refusalOf('/api/v1/exports', 'agent', [])).toEqual(refused('ops and settlement'));
  expect(await refusalOf('/api/v1/places', 'settlement', ['IN-BR-11'])).toEqual(refused('agents and ops'));
  expect(await refusalOf('/api/v1/settlement/runs', 'settlement', ['IN-BR-11'])).toEqual(
    refused('ops and settlement with all regions'),
  );
  expect(await refusalOf('/api/v1/messages', 'settlement', ['*'])).toEqual(refused('ops with all regions'));
});
