import { Delta } from '@ekbaar/sdk/protocol';
import { newEpoch, openDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addDelivery, confirm, type DeliveryRow } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { catchUp, Replica } from '../protocol/replica.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { seededRandom } from '../support/seeded.ts';
import { type Standby, startStandby } from '../support/standby.ts';

let primary: PostgresServer;
let database: FreshDatabase;
let standby: Standby;
/** Reads deltas from the standby; and a node that knows the primary only. */
let near: FieldOps;
let far: FieldOps;
beforeAll(async () => {
  primary = await startPostgres();
  database = await primary.freshDatabase();
  far = await startFieldOps({ url: database.url });
  standby = await startStandby(primary);
  near = await startFieldOps({ url: database.url, replicaUrl: standby.urlOf(database.url) });
});
afterEach(async () => {
  await standby.resume();
  await standby.caughtUp();
});
afterAll(async () => {
  await near.close();
  await far.close();
  await standby.stop();
  await primary.stop();
});

const tokenAt = (node: FieldOps, agent = 'a01') => node.token(agent, 'agent');
const deltaAt = async (node: FieldOps, cursor: string | null, limit = 1000, agent = 'a01') =>
  (await node.sync(await tokenAt(node, agent), { cursor, limit })).delta;
const pullAt = async (node: FieldOps, cursor: string | null): Promise<Delta> => {
  const { status, body } = await node.get(
    `/v1/pull?${new URLSearchParams(cursor === null ? {} : { cursor })}`,
    await tokenAt(node),
  );
  expect(status).toBe(200);
  return Delta.parse(body);
};
const caughtUpAt = async (node: FieldOps): Promise<Replica> => {
  const replica = new Replica();
  await catchUp(replica, (cursor) => deltaAt(node, cursor));
  return replica;
};
/** A delivery that everybody knows of. */
const known = async (given: Partial<DeliveryRow> = {}): Promise<DeliveryRow> => {
  const delivery = await addDelivery(far, given);
  await Promise.all([far.server.engine.sweep(), near.server.engine.sweep()]);
  // What a node has told of lately it does not read from a standby that has not heard of it.
  await standby.caughtUp();
  return delivery;
};
const confirmFar = async (delivery: DeliveryRow) => {
  const phone = device(far, await tokenAt(far, delivery.agentId));
  expect(await phone.mutate(confirm(delivery))).toMatchObject({ status: 'applied' });
};

describe('a standby that is behind', () => {
  test('is where deltas come from: what it has not heard of comes later', async () => {
    const delivery = await known();
    const replica = await caughtUpAt(near);
    await standby.pause();
    await confirmFar(delivery);
    expect(await pullAt(near, replica.cursor)).toMatchObject({ changes: [], reset: [], more: false });
    expect((await pullAt(far, replica.cursor)).changes).toMatchObject([{ id: delivery.id }]);
    await standby.resume();
    await standby.caughtUp();
    const late = await pullAt(near, replica.cursor);
    expect(late.changes).toMatchObject([{ id: delivery.id, row: { status: 'confirmed' } }]);
    replica.apply(late);
  });

  test('behind a cursor: nothing new, nothing reset, and no checksum that could not fit', async () => {
    const delivery = await known();
    await standby.pause();
    await confirmFar(delivery);
    const replica = await caughtUpAt(far);
    const delta = await pullAt(near, replica.cursor);
    expect(delta).toMatchObject({ changes: [], reset: [], dropped: [], more: false, cursor: replica.cursor });
    const ahead = (await pullAt(far, replica.cursor)).scopes['agent:a01'];
    expect(delta.scopes['agent:a01']).toEqual({ version: ahead?.version });
  });

  test('behind in one scope: it sends another that is new to the client', async () => {
    const regions = ['IN-BR-ahead', 'IN-BR-plain'];
    const [moves] = await Promise.all(regions.map((regionId) => known({ regionId })));
    if (moves === undefined) throw new Error('no delivery');
    const ops = await near.token('ops', 'ops', 'pennco', { regions });
    const narrow = await far.token('ops', 'ops', 'pennco', { regions: ['IN-BR-ahead'] });
    await standby.pause();
    await confirmFar(moves);
    const replica = new Replica();
    await catchUp(replica, async (cursor) => (await far.sync(narrow, { cursor })).delta);
    const { body } = await near.get(`/v1/pull?${new URLSearchParams({ cursor: replica.cursor ?? '' })}`, ops);
    const delta = Delta.parse(body);
    expect(delta.changes.map(({ scope }) => scope)).toEqual(['region:IN-BR-plain']);
    replica.apply(delta);
    expect(replica.rows.get(`deliveries/${moves.id}`)).toMatchObject({ status: 'confirmed' });
  });

  test('never undoes a client’s own mutation', async () => {
    const delivery = await known();
    const phone = device(near, await tokenAt(near));
    const replica = new Replica();
    await catchUp(replica, async (cursor) => (await phone.sync({ cursor })).delta);
    await standby.pause();
    const pushed = await phone.sync({ mutations: phone.next(confirm(delivery)), cursor: replica.cursor });
    expect(pushed.delta.lastMutationId).toBe(1);
    expect(pushed.delta.changes).toMatchObject([{ id: delivery.id, row: { status: 'confirmed' } }]);
    replica.apply(pushed.delta);
    const [on, anew] = [await phone.sync({ cursor: replica.cursor, ack: 1 }), await phone.sync({ ack: 1 })];
    for (const { delta, stopped } of [on, anew]) {
      expect(stopped).toBeNull();
      expect(delta).toMatchObject({ lastMutationId: 1, reset: [] });
    }
    expect(on.delta.changes).toEqual([]);
    const row = anew.delta.changes.find(({ id }) => id === delivery.id)?.row;
    expect(row).toMatchObject({ status: 'confirmed' });
  });

  test('has what a poke of this node was about, or it is not asked', async () => {
    const delivery = await known();
    const replica = await caughtUpAt(near);
    await standby.pause();
    const other = device(near, await near.token('ops', 'ops'));
    const { status } = await other.mutate({
      name: 'cancelDelivery',
      args: { deliveryId: delivery.id, reason: 'other' },
    });
    expect(status).toBe('applied');
    expect((await pullAt(near, replica.cursor)).changes).toMatchObject([
      { id: delivery.id, row: { status: 'cancelled' } },
    ]);
  });

  test('does not end a traversal that began on the primary', async () => {
    const deliveries = await Promise.all(Array.from({ length: 3 }, () => known()));
    await standby.pause();
    for (const delivery of deliveries) await confirmFar(delivery);
    const replica = new Replica();
    replica.apply(await deltaAt(far, null, 2));
    for (let more = true; more;) {
      const delta = await deltaAt(near, replica.cursor, 2);
      replica.apply(delta);
      ({ more } = delta);
    }
    const rows = await far.query(sql`select id from deliveries where tenant = 'pennco' and agent_id = 'a01'`);
    expect([...replica.rows.keys()].filter((key) => key.startsWith('deliveries/'))).toHaveLength(rows.length);
    for (const { id } of deliveries)
      expect(replica.rows.get(`deliveries/${id}`)).toMatchObject({ status: 'confirmed' });
  });

  test('sends no scope anew that did not fit: the primary does', async () => {
    const delivery = await known();
    const replica = await caughtUpAt(near);
    await standby.pause();
    await confirmFar(delivery);
    const { delta } = await near.sync(await tokenAt(near), { cursor: replica.cursor, diverged: ['agent:a01'] });
    expect(delta.reset).toEqual(['agent:a01']);
    replica.apply(delta);
    expect(replica.rows.get(`deliveries/${delivery.id}`)).toMatchObject({ status: 'confirmed' });
  });
});

test('at random: a phone that talks to both nodes never sees its own work undone, is never reset, and ends with the table', async () => {
  const { seed, random } = seededRandom(20_261_123);
  console.log(`EKBAAR_TEST_SEED=${seed}`);
  const agentId = 'a03';
  const mine: DeliveryRow[] = [];
  for (let at = 0; at < 60; at++) mine.push(await addDelivery(far, { agentId }));
  await Promise.all([far.server.engine.sweep(), near.server.engine.sweep()]);
  await standby.caughtUp();
  const clientId = crypto.randomUUID();
  const phone = device(far, await tokenAt(far, agentId), clientId);
  const second = device(far, phone.token);
  const tokens = new Map([
    [near, await tokenAt(near, agentId)],
    [far, phone.token],
  ]);
  const replica = new Replica();
  const done: DeliveryRow[] = [];
  let paused = false;
  let covered = 0;
  let fromStandby = 0;
  for (let step = 0; step < 160; step++) {
    if (random() < 0.15) {
      await (paused ? standby.resume() : standby.pause());
      paused = !paused;
    }
    const node = random() < 0.6 ? near : far;
    const next = random() < 0.08 ? mine.pop() : undefined;
    const mutations = next === undefined ? [] : phone.next(confirm(next));
    // Another phone of the same agent, through the node that tells the standby's readers nothing.
    const others = random() < 0.25 ? mine.pop() : undefined;
    if (others !== undefined) {
      const args = { deliveryId: others.id, reason: 'other', note: `step ${step}` };
      await second.mutate({ name: 'failDelivery', args });
    }
    const limit = random() < 0.3 ? 2 : 1000;
    const answer = await node.sync(tokens.get(node) ?? '', { clientId, mutations, cursor: replica.cursor, limit });
    expect(answer.stopped).toBeNull();
    expect(answer.delta.reset).toEqual([]);
    expect(answer.delta.lastMutationId).toBeGreaterThanOrEqual(covered);
    if (next !== undefined) done.push(next);
    if (paused && node === near && answer.delta.scopes[`agent:${agentId}`]?.checksum === undefined) fromStandby++;
    replica.apply(answer.delta);
    if (answer.delta.more) continue;
    covered = answer.delta.lastMutationId;
    expect(covered).toBe(done.length);
    for (const { id } of done) expect(replica.rows.get(`deliveries/${id}`)).toMatchObject({ status: 'confirmed' });
  }
  if (paused) await standby.resume();
  await standby.caughtUp();
  await Promise.all([far.server.engine.sweep(), near.server.engine.sweep()]);
  await standby.caughtUp();
  await catchUp(replica, async (cursor) => (await near.sync(tokens.get(near) ?? '', { clientId, cursor })).delta);
  const table = await far.query<{ id: string; status: string }>(
    sql`select id, status from deliveries where tenant = 'pennco' and agent_id = ${agentId}`,
  );
  for (const { id, status } of table) expect(replica.rows.get(`deliveries/${id}`)).toMatchObject({ status });
  console.log(`${done.length} mutations; ${fromStandby} answers of a standby behind the cursor`);
  expect(done.length).toBeGreaterThan(5);
  expect(fromStandby).toBeGreaterThan(5);
});

test('a standby of another history is not read, though it answers', async () => {
  await known();
  const replica = await caughtUpAt(near);
  await standby.pause();
  const owner = await openDatabase({ url: database.url });
  await newEpoch(owner);
  await owner.close();
  const later = await startFieldOps({ url: database.url, replicaUrl: standby.urlOf(database.url) });
  try {
    // From before: reset by the primary. From after: nothing is.
    const delta = (await later.sync(await tokenAt(later), { cursor: replica.cursor })).delta;
    expect(delta.reset).toEqual(['agent:a01']);
    replica.apply(delta);
    expect((await pullAt(later, replica.cursor)).reset).toEqual([]);
    expect((await pullAt(near, replica.cursor)).reset).toEqual([]);
  } finally {
    await later.close();
  }
});

test('a standby that is gone is missed once, and nobody waits for it', async () => {
  const delivery = await known();
  const replica = await caughtUpAt(near);
  await standby.stop();
  await confirmFar(delivery);
  for (let ask = 0; ask < 5; ask++) {
    const delta = await pullAt(near, replica.cursor);
    expect(delta.changes).toMatchObject([{ id: delivery.id, row: { status: 'confirmed' } }]);
  }
  expect(near.failures.map(({ message }) => message)).toEqual([
    'the read replica does not answer: deltas come from the primary',
  ]);
  standby = await startStandby(primary);
});
