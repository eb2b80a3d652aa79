import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm } from './delivery.ts';
import { device, type Draft } from './device.ts';
import { problemIn } from './problem.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const skips = (count: number): Draft[] => Array.from({ length: count }, () => ({ name: '$skip' }));
const failures = (count: number): Draft[] =>
  Array.from({ length: count }, () => ({ name: 'failDelivery', args: { deliveryId: 'nowhere', reason: 'away' } }));

describe('many mutations in one request', () => {
  test.each([1, 49, 50, 51, 120, 500])('%i: a receipt for each, in id order', async (count) => {
    const phone = device(ekbaar, agent);
    const { receipts, stopped, delta } = await phone.sync({ mutations: phone.next(...failures(count)) });
    expect(receipts.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, at) => at + 1));
    expect(receipts.every(({ status, replayed }) => status === 'rejected' && !replayed)).toBe(true);
    expect(stopped).toBeNull();
    expect(delta.lastMutationId).toBe(count);
  });

  test('501: too_large, as too many bytes are; nothing is taken', async () => {
    const phone = device(ekbaar, agent);
    const mutations = phone.next(...skips(501));
    const answer = await ekbaar.trySync(agent, { clientId: phone.clientId, mutations });
    expect([answer.status, problemIn(answer).code]).toEqual([413, 'too_large']);
    expect((await phone.sync()).delta.lastMutationId).toBe(0);
  });

  test('applied and rejected ones side by side; a delivery confirmed twice is confirmed once', async () => {
    const deliveries = await Promise.all(Array.from({ length: 60 }, () => addDelivery(ekbaar)));
    const phone = device(ekbaar, agent);
    const drafts = deliveries.flatMap((delivery) => [confirm(delivery), confirm(delivery)]);
    const mutations = phone.next(...drafts);
    const { receipts } = await phone.sync({ mutations });
    expect(receipts.map(({ status }) => status)).toEqual(deliveries.flatMap(() => ['applied', 'rejected']));
    expect((await phone.sync({ mutations })).receipts).toEqual(receipts.map((one) => ({ ...one, replayed: true })));
    const [pairs] = await ekbaar.query<{ count: number }>(
      sql`select count(*)::int as count from ledger_entries where delivery_id = any(array(
            select id from deliveries where tenant = 'pennco' and status = 'confirmed'))`,
    );
    expect(pairs?.count).toBe(120);
  });

  test('a stop in the third fifty keeps the first two', async () => {
    const phone = device(ekbaar, agent);
    const mutations = phone.next(...skips(130)).filter(({ id }) => id !== 111);
    const { receipts, stopped, delta } = await phone.sync({ mutations });
    expect(receipts).toHaveLength(110);
    expect(stopped).toMatchObject({ id: 112, code: 'gap', expected: 111 });
    expect(delta.lastMutationId).toBe(110);
  });

  test('half of a batch that was sent before: replayed up to there, run from there', async () => {
    const phone = device(ekbaar, agent);
    const mutations = phone.next(...failures(140));
    await phone.sync({ mutations: mutations.slice(0, 70) });
    const { receipts } = await phone.sync({ mutations });
    expect(receipts.map(({ replayed }) => replayed)).toEqual(mutations.map(({ id }) => id <= 70));
  });

  test('the same request from three lines at once: each mutation once', async () => {
    const delivery = await addDelivery(ekbaar);
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(delivery), ...failures(60));
    const answers = await Promise.all([1, 2, 3].map(() => phone.sync({ mutations })));
    for (const { receipts } of answers) {
      expect(receipts).toHaveLength(61);
      expect(receipts[0]?.status).toBe('applied');
    }
    const first = answers.filter(({ receipts }) => receipts[0]?.replayed === false);
    expect(first).toHaveLength(1);
  });
});
