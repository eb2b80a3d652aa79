import { newEpoch, openDatabase } from '@ekbaar/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDelivery, confirm, type DeliveryRow } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { catchUp, Replica } from '../protocol/replica.ts';
import { readBooks } from '../support/books.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

let original: FreshDatabase;
let backup: FreshDatabase;
beforeAll(async () => {
  original = await freshDatabase();
});
afterAll(async () => {
  await original.drop();
  await backup.drop();
});

test('a backup is restored and gets a new epoch: phones forget every scope, send what was lost again, and all is there once', async () => {
  const before = await startFieldOps({ url: original.url });
  const deliveries: DeliveryRow[] = [];
  for (let at = 0; at < 6; at++) deliveries.push(await addDelivery(before));
  await before.server.engine.sweep();
  const [ahead, level] = [new Replica(), new Replica()];
  const sent = device(before, await before.token('a01', 'agent'), 'phone-that-was-ahead');
  const kept = sent.next(...deliveries.slice(0, 4).map((delivery) => confirm(delivery)));
  const early = await sent.sync({ mutations: kept.slice(0, 2) });
  const idle = device(before, await before.token('a01', 'agent'), 'phone-that-was-not');
  await catchUp(level, async (cursor) => (await idle.sync({ cursor })).delta);
  await before.close();
  backup = await freshDatabase({ template: original.name });

  // The operation goes on, and then loses its database.
  const lost = await startFieldOps({ url: original.url });
  const later = device(lost, await lost.token('a01', 'agent'), sent.clientId);
  const { receipts } = await later.sync({ mutations: kept.slice(2), ack: 2 });
  expect(receipts.map(({ status }) => status)).toEqual(['applied', 'applied']);
  await catchUp(ahead, async (cursor) => (await later.sync({ cursor, ack: 4 })).delta);
  await lost.close();

  const owner = await openDatabase({ url: backup.url });
  const epochs = [await newEpoch(owner), await newEpoch(owner)];
  expect(new Set(epochs).size).toBe(2);
  await owner.close();
  const after = await startFieldOps({ url: backup.url });
  try {
    const phone = device(after, await after.token('a01', 'agent'), sent.clientId);
    const first = await phone.sync({ cursor: ahead.cursor, ack: 4 });
    expect(first.stopped).toMatchObject({ code: 'gap', expected: 3 });
    expect(first.delta.reset).toEqual(['agent:a01']);
    ahead.apply(first.delta);
    const former = new Map(
      [...early.receipts, ...receipts].map(({ key, status, result }) => [key, { status, result }]),
    );
    const again = kept.slice(2).map((mutation) => ({ ...mutation, receipt: former.get(mutation.key) }));
    const healed = await phone.sync({ mutations: again, cursor: ahead.cursor, ack: 2 });
    expect(healed.receipts.map(({ status, result, replayed }) => ({ status, result, replayed }))).toEqual(
      receipts.map(({ status, result }) => ({ status, result, replayed: false })),
    );
    expect(healed.delta.reset).toEqual([]);
    ahead.apply(healed.delta);
    // A phone that had nothing to bring back takes its rows anew and goes on.
    const other = device(after, phone.token, idle.clientId);
    const fresh = await other.sync({ cursor: level.cursor });
    expect(fresh).toMatchObject({ stopped: null, delta: { reset: ['agent:a01'], dropped: [] } });
    level.apply(fresh.delta);
    expect((await other.sync({ cursor: level.cursor })).delta).toMatchObject({ reset: [], changes: [] });
    await expectSame(after, [ahead, level], deliveries);
  } finally {
    await after.close();
  }
  const books = await readBooks(backup.url, 'pennco');
  expect(books).toMatchObject({ confirmed: 4, receipts: { applied: 4 }, unbalanced: 0 });
});

async function expectSame(node: FieldOps, replicas: readonly Replica[], deliveries: readonly DeliveryRow[]) {
  const agent = await node.token('a01', 'agent');
  for (const replica of replicas) {
    await catchUp(replica, async (cursor) => (await node.sync(agent, { cursor })).delta);
    const states = deliveries.map(({ id }) => replica.rows.get(`deliveries/${id}`)?.['status']);
    expect(states).toEqual([...Array(4).fill('confirmed'), 'pending', 'pending']);
  }
}
