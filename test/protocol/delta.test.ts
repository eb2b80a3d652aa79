import type { Delta } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { addDelivery, confirm } from './delivery.ts';
import { device } from './device.ts';
import { problemIn } from './problem.ts';
import { catchUp, Replica } from './replica.ts';

let ekbaar: FieldOps;
let agent: string;
beforeAll(async () => {
  ekbaar = await startFieldOps();
  agent = await ekbaar.token('a01', 'agent');
});
afterAll(() => ekbaar.close());

const pages =
  (token: string, limit = 1000, more: Record<string, unknown> = {}) =>
  async (cursor: string | null): Promise<Delta> =>
    (await ekbaar.sync(token, { cursor, limit, ...more })).delta;

/** A replica that has everything there is now. */
async function caughtUp(token: string): Promise<Replica> {
  await ekbaar.server.engine.sweep();
  const replica = new Replica();
  await catchUp(replica, pages(token));
  return replica;
}

describe('a delta after a cursor', () => {
  test('is empty when nothing happened', async () => {
    const replica = await caughtUp(agent);
    const delta = await pages(agent)(replica.cursor);
    expect(delta).toMatchObject({ changes: [], reset: [], dropped: [], more: false });
  });

  test('has what changed, once: two writes of a row are one change', async () => {
    const delivery = await addDelivery(ekbaar);
    const replica = await caughtUp(agent);
    await ekbaar.query(sql`update deliveries set village = 'First' where id = ${delivery.id}`);
    await ekbaar.query(sql`update deliveries set village = 'Second' where id = ${delivery.id}`);
    await ekbaar.server.engine.sweep();
    const delta = await pages(agent)(replica.cursor);
    expect(delta.changes).toMatchObject([{ id: delivery.id, row: { village: 'Second' } }]);
    replica.apply(delta);
  });

  test('plain SQL of another program: insert, update and delete', async () => {
    const replica = await caughtUp(agent);
    const delivery = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    await catchUp(replica, pages(agent));
    expect(replica.rows.get(`deliveries/${delivery.id}`)).toMatchObject({ status: 'pending' });
    await ekbaar.query(sql`update deliveries set status = 'failed' where id = ${delivery.id}`);
    await ekbaar.server.engine.sweep();
    await catchUp(replica, pages(agent));
    expect(replica.rows.get(`deliveries/${delivery.id}`)).toMatchObject({ status: 'failed' });
    await ekbaar.query(sql`delete from deliveries where id = ${delivery.id}`);
    await ekbaar.server.engine.sweep();
    const delta = await pages(agent)(replica.cursor);
    expect(delta.changes).toMatchObject([{ id: delivery.id, tag: 0, row: null }]);
    replica.apply(delta);
    expect(replica.rows.has(`deliveries/${delivery.id}`)).toBe(false);
  });

  test('the sweeper needs no call: another program’s write arrives by itself', async () => {
    const replica = await caughtUp(agent);
    const delivery = await addDelivery(ekbaar);
    await expect
      .poll(async () => (await pages(agent)(replica.cursor)).changes.map(({ id }) => id))
      .toEqual([delivery.id]);
  });

  test('a row that moves between agents leaves one and comes to the other', async () => {
    const delivery = await addDelivery(ekbaar);
    const other = await ekbaar.token('a02', 'agent');
    const [from, to] = [await caughtUp(agent), await caughtUp(other)];
    const ops = device(ekbaar, await ekbaar.token('ops', 'ops'));
    await ops.mutate({ name: 'assignDelivery', args: { deliveryId: delivery.id, agentId: 'a02' } });
    const left = await pages(agent)(from.cursor);
    expect(left.changes).toMatchObject([{ scope: 'agent:a01', id: delivery.id, tag: 0, row: null }]);
    from.apply(left);
    await catchUp(to, pages(other));
    expect(to.rows.get(`deliveries/${delivery.id}`)).toMatchObject({ agentId: 'a02' });
  });

  test('and back: it is there again', async () => {
    const delivery = await addDelivery(ekbaar);
    const replica = await caughtUp(agent);
    for (const owner of ['a02', 'a01']) {
      await ekbaar.query(sql`update deliveries set agent_id = ${owner} where id = ${delivery.id}`);
      await ekbaar.server.engine.sweep();
      if (owner === 'a01') await catchUp(replica, pages(agent));
    }
    expect(replica.rows.has(`deliveries/${delivery.id}`)).toBe(true);
  });

  test('a row that moved but has no version yet goes out as gone', async () => {
    const delivery = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    // Its mark goes with it: a move that nobody has published.
    await ekbaar.query(
      sql.raw(`do $$ begin
        update deliveries set agent_id = 'a02' where id = '${delivery.id}';
        delete from sync.dirty where row_id = '${delivery.id}';
      end $$`),
    );
    const replica = new Replica();
    const delta = await pages(agent)(null);
    const change = delta.changes.find(({ id }) => id === delivery.id);
    expect(change?.row).toBeNull();
    expect(change?.tag).toBeGreaterThan(0);
    replica.apply(delta);
    expect(replica.rows.has(`deliveries/${delivery.id}`)).toBe(false);
    await ekbaar.query(sql`update deliveries set village = village where id = ${delivery.id}`);
    await ekbaar.server.engine.sweep();
    await catchUp(replica, pages(agent));
  });

  test('a first sync knows nothing of rows that left before it', async () => {
    const delivery = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    await ekbaar.query(sql`delete from deliveries where id = ${delivery.id}`);
    await ekbaar.server.engine.sweep();
    const { changes } = await pages(agent)(null);
    expect(changes.filter(({ id }) => id === delivery.id)).toEqual([]);
  });

  test('versions of a scope only grow, and one transaction has one', async () => {
    const [one, two] = [await addDelivery(ekbaar), await addDelivery(ekbaar)];
    const replica = await caughtUp(agent);
    const before = (await pages(agent)(replica.cursor)).scopes['agent:a01']?.version ?? 0;
    const phone = device(ekbaar, agent);
    const mutations = phone.next(confirm(one), confirm(two));
    const { delta } = await phone.sync({ mutations, cursor: replica.cursor });
    expect(delta.changes.map(({ version }) => version)).toEqual([before + 1, before + 1]);
  });

  test('TRUNCATE takes all rows', async () => {
    await ekbaar.query(sql`insert into agent_positions values ('salesco', 'a01', 9.9, 78.1, 5, now(), 'IN-TN-x')`);
    const ops = await ekbaar.token('ops', 'ops', 'salesco', { regions: ['IN-TN-x'] });
    const replica = await caughtUp(ops);
    expect(replica.rows.size).toBe(1);
    await ekbaar.query(sql`truncate agent_positions`);
    await ekbaar.server.engine.sweep();
    await catchUp(replica, pages(ops));
    expect(replica.rows.size).toBe(0);
  });
});

describe('pages', () => {
  test.each([1, 2, 7])('of %i to the end are what one page is, and each moves the cursor', async (limit) => {
    const whole = await caughtUp(agent);
    const replica = new Replica();
    const cursors = new Set<string | null>();
    const asked = await catchUp(replica, async (cursor) => {
      cursors.add(cursor);
      const delta = await pages(agent, limit)(cursor);
      expect(delta.changes.length).toBeLessThanOrEqual(limit);
      for (const state of Object.values(delta.scopes)) expect('checksum' in state).toBe(!delta.more);
      return delta;
    });
    expect(replica.rows).toEqual(whole.rows);
    expect(cursors.size).toBe(asked);
  });

  test('over many scopes', async () => {
    const ops = await ekbaar.token('ops', 'ops', 'vishi');
    const whole = await caughtUp(ops);
    const replica = new Replica();
    expect(await catchUp(replica, pages(ops, 5))).toBeGreaterThan(10);
    expect(replica.rows).toEqual(whole.rows);
    expect(replica.scopes).toEqual(whole.scopes);
  });

  test('while rows change, come and go: at the end everything is as it stands', async () => {
    const kept = await Promise.all(Array.from({ length: 12 }, () => addDelivery(ekbaar)));
    await ekbaar.server.engine.sweep();
    const replica = new Replica();
    let turn = 0;
    await catchUp(replica, async (cursor) => {
      const delivery = kept[turn++];
      if (delivery !== undefined) {
        await ekbaar.query(sql`update deliveries set village = ${`turn ${turn}`} where id = ${delivery.id}`);
        if (turn % 3 === 0) await ekbaar.query(sql`delete from deliveries where id = ${delivery.id}`);
        if (turn % 3 === 1) await addDelivery(ekbaar);
        await ekbaar.server.engine.sweep();
      }
      return pages(agent, 3)(cursor);
    });
    expect(replica.rows).toEqual((await caughtUp(agent)).rows);
  });

  test('limit above the most: as many as the server gives', async () => {
    expect((await ekbaar.trySync(agent, { limit: 1_000_000 })).status).toBe(200);
  });

  test.each([0, -1, 1.5, '5', null])('limit %j: malformed', async (limit) => {
    expect(problemIn(await ekbaar.trySync(agent, { limit })).code).toBe('malformed');
  });
});

describe('a scope whose history does not fit', () => {
  test('diverged: reset and sent whole, and no other scope', async () => {
    const ops = await ekbaar.token('ops', 'ops', 'vishi');
    const replica = await caughtUp(ops);
    const [scope = ''] = replica.scopes;
    const delta = await pages(ops, 1000, { diverged: [scope] })(replica.cursor);
    expect(delta.reset).toEqual([scope]);
    expect(new Set(delta.changes.map((change) => change.scope))).toEqual(new Set([scope]));
    expect(delta.changes).toHaveLength(delta.scopes[scope]?.rows ?? -1);
    replica.apply(delta);
  });

  test('diverged over several pages: reset once, then on from the cursor', async () => {
    const replica = await caughtUp(agent);
    const whole = replica.rows;
    const first = await pages(agent, 4, { diverged: ['agent:a01'] })(replica.cursor);
    expect(first).toMatchObject({ reset: ['agent:a01'], more: true });
    replica.apply(first);
    await catchUp(replica, async (cursor) => {
      const delta = await pages(agent, 4)(cursor);
      expect(delta.reset).toEqual([]);
      return delta;
    });
    expect(replica.rows).toEqual(whole);
  });

  test('diverged of a scope that is not one’s own changes nothing', async () => {
    const replica = await caughtUp(agent);
    const delta = await pages(agent, 1000, { diverged: ['agent:a02', 'region:IN-BR-09', 'x'] })(replica.cursor);
    expect(delta).toMatchObject({ changes: [], reset: [], dropped: [] });
    expect(Object.keys(delta.scopes)).toEqual(['agent:a01']);
  });

  test('a cursor ahead of a restored database: reset', async () => {
    const replica = await caughtUp(agent);
    await ekbaar.query(
      sql`update sync.scopes set version = version - 1 where tenant = 'pennco' and scope = 'agent:a01'`,
    );
    const delta = await pages(agent)(replica.cursor);
    expect(delta.reset).toEqual(['agent:a01']);
    await ekbaar.query(
      sql`update sync.scopes set version = version + 1 where tenant = 'pennco' and scope = 'agent:a01'`,
    );
  });

  test('a cursor older than the kept history: reset', async () => {
    const replica = await caughtUp(agent);
    await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    await ekbaar.query(sql`update sync.scopes set floor = version where tenant = 'pennco' and scope = 'agent:a01'`);
    const delta = await pages(agent)(replica.cursor);
    expect(delta.reset).toEqual(['agent:a01']);
    replica.apply(delta);
  });

  test('a first sync longer than the kept history ends all the same', async () => {
    const replica = new Replica();
    const first = await pages(agent, 3)(null);
    replica.apply(first);
    await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    await ekbaar.query(
      sql`update sync.scopes set floor = ${first.scopes['agent:a01']?.version} where tenant = 'pennco' and scope = 'agent:a01'`,
    );
    await catchUp(replica, async (cursor) => {
      const delta = await pages(agent, 3)(cursor);
      expect(delta.reset).toEqual([]);
      return delta;
    });
    expect(replica.rows).toEqual((await caughtUp(agent)).rows);
  });

  test('another epoch: every scope is reset, those that the database has lost too', async () => {
    const ops = await ekbaar.token('ops', 'ops', 'salesco');
    await addDelivery(ekbaar, { tenant: 'salesco', regionId: 'IN-TN-lost' });
    const replica = await caughtUp(ops);
    const scopes = replica.scopes;
    await ekbaar.query(sql`delete from deliveries where region_id = 'IN-TN-lost'`);
    await ekbaar.server.engine.sweep();
    await ekbaar.query(sql`delete from sync.changes where scope = 'region:IN-TN-lost'`);
    await ekbaar.query(sql`delete from sync.scopes where scope = 'region:IN-TN-lost'`);
    await ekbaar.query(sql`update sync.settings set value = gen_random_uuid()::text where name = 'epoch'`);
    const delta = await pages(ops)(replica.cursor);
    expect(delta.dropped).toEqual([]);
    expect(delta.reset).toEqual(expect.arrayContaining(scopes));
    replica.apply(delta);
    expect(replica.rows).toEqual((await caughtUp(ops)).rows);
    expect((await pages(ops)(replica.cursor)).reset).toEqual([]);
  });

  test('more scopes than a request may name: a new epoch resets them all', async () => {
    const regions = 1100;
    await ekbaar.query(sql`
      insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id, loan_id, instalment_no, amount_paise, due_on)
      select 'vishi', 'many-' || n, 'collection', 'a01', 'IN-X-' || n, 'Bodh Gaya', '824231', 'Asha Devi', '+910000000001', 'bfil', 'X-' || n, 1, 100, '2026-11-22'
      from generate_series(1, ${regions}::int) n`);
    const ops = await ekbaar.token('ops', 'ops', 'vishi');
    const replica = await caughtUp(ops);
    const scopes = replica.scopes;
    expect(scopes.length).toBeGreaterThan(regions);
    await ekbaar.query(sql`update sync.settings set value = gen_random_uuid()::text where name = 'epoch'`);
    const delta = await pages(ops)(replica.cursor);
    expect(delta.reset.toSorted()).toEqual(scopes);
    replica.apply(delta);
    await catchUp(replica, pages(ops));
    expect(replica.scopes).toEqual(scopes);
  });
});
