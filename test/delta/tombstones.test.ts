import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addDelivery } from '../protocol/delivery.ts';
import { catchUp, Replica } from '../protocol/replica.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { seededRandom } from '../support/seeded.ts';

const dayMs = 86_400_000;
/** What the server keeps by default. */
const keptDays = 30;

let now = Date.parse('2026-11-22T04:00:00Z');
let ekbaar: FieldOps;
const tokens = new Map<string, string>();
beforeAll(async () => {
  ekbaar = await startFieldOps({ clock: () => new Date(now), demo: { agents: 3, deliveries: 9 } });
  for (const agent of ['a01', 'a02']) tokens.set(agent, await ekbaar.token(agent, 'agent'));
});
afterAll(() => ekbaar.close());
beforeEach(async () => {
  await ekbaar.query(sql`delete from deliveries where id like 't-%'`);
  await ekbaar.server.engine.sweep();
});

const passDays = async (days: number) => {
  now += days * dayMs;
  await ekbaar.server.engine.sweepTombstones();
};
const page = async (agent: string, cursor: string | null, limit = 1000) =>
  (await ekbaar.sync(tokens.get(agent) ?? '', { cursor, limit })).delta;
const tombstones = async () => {
  const [row] = await ekbaar.query<{ count: number }>(sql`select count(*)::int from sync.changes where tag = 0`);
  return row?.count ?? -1;
};
const remove = async (id: string) => {
  await ekbaar.query(sql`delete from deliveries where id = ${id}`);
  await ekbaar.server.engine.sweep();
};

describe('a tombstone', () => {
  test(`is kept for ${keptDays} days, whatever is swept meanwhile, and then goes`, async () => {
    const { id } = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    const replica = new Replica();
    await catchUp(replica, (cursor) => page('a01', cursor));
    await remove(id);
    await passDays(0);
    for (let day = 7; day < keptDays; day += 7) await passDays(7);
    const early = await page('a01', replica.cursor);
    expect(early).toMatchObject({ reset: [], changes: [{ id, tag: 0, row: null }] });
    await passDays(keptDays);
    expect(await tombstones()).toBe(0);
    const late = await page('a01', replica.cursor);
    expect(late.reset).toEqual(['agent:a01']);
    replica.apply(late);
    expect(replica.rows.has(`deliveries/${id}`)).toBe(false);
  });

  test('whose row came back is none: it does not go, and nobody is reset for it', async () => {
    const { id } = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    const replica = new Replica();
    await catchUp(replica, (cursor) => page('a01', cursor));
    await remove(id);
    await passDays(1);
    await addDelivery(ekbaar, { id });
    await ekbaar.server.engine.sweep();
    await passDays(keptDays + 1);
    await passDays(1);
    const delta = await page('a01', replica.cursor);
    expect(delta).toMatchObject({ reset: [], changes: [{ id, row: { id } }] });
    replica.apply(delta);
  });
});

describe('a phone that was away for a year', () => {
  test('takes anew only the scopes in which rows have left', async () => {
    const regions = ['IN-BR-left', 'IN-BR-grew'];
    const ops = await ekbaar.token('ops', 'ops', 'pennco', { regions });
    const [gone = '', stays = ''] = await Promise.all(
      regions.map(async (regionId) => (await addDelivery(ekbaar, { regionId, agentId: 'a02' })).id),
    );
    await ekbaar.server.engine.sweep();
    const replica = new Replica();
    const ask = async (cursor: string | null) => (await ekbaar.sync(ops, { cursor })).delta;
    await catchUp(replica, ask);
    await remove(gone);
    const { id: fresh } = await addDelivery(ekbaar, { regionId: 'IN-BR-grew', agentId: 'a02' });
    await ekbaar.server.engine.sweep();
    await passDays(1);
    await passDays(365);
    const delta = await ask(replica.cursor);
    expect(delta.reset).toEqual(['region:IN-BR-left']);
    expect(delta.changes.map(({ id }) => id)).toEqual([fresh]);
    replica.apply(delta);
    expect([...replica.rows.keys()]).toEqual([`deliveries/${fresh}`, `deliveries/${stays}`].toSorted());
  });

  test('that had heard of everything that left goes on where it was', async () => {
    const { id } = await addDelivery(ekbaar);
    await ekbaar.server.engine.sweep();
    await remove(id);
    const replica = new Replica();
    await catchUp(replica, (cursor) => page('a01', cursor));
    await passDays(1);
    await passDays(365);
    expect(await tombstones()).toBe(0);
    expect(await page('a01', replica.cursor)).toMatchObject({ reset: [], changes: [] });
  });
});

test('a thousand rows that left at once go in parts, and their floor with them', async () => {
  await ekbaar.query(sql`
    insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id, loan_id, instalment_no, amount_paise, due_on)
    select 'pennco', 't-' || n, 'collection', 'a01', 'IN-BR-test', 'Bodh Gaya', '824231', 'Asha Devi', '+910000000001', 'bfil', 'L' || n, 1, 100, '2026-11-22'
    from generate_series(1, 1300) n`);
  await ekbaar.server.engine.sweep();
  const replica = new Replica();
  await catchUp(replica, (cursor) => page('a01', cursor));
  await ekbaar.query(sql`delete from deliveries where id like 't-%'`);
  await ekbaar.server.engine.sweep();
  await passDays(0);
  await passDays(keptDays + 1);
  expect(await tombstones()).toBe(0);
  const delta = await page('a01', replica.cursor);
  expect(delta.reset).toEqual(['agent:a01']);
  replica.apply(delta);
});

test('notes of how far scopes were go with the tombstones they date', async () => {
  await passDays(0);
  await passDays(keptDays + 1);
  await passDays(1);
  expect(await ekbaar.query(sql`select scope from sync.scope_history`)).toEqual([]);
});

/** A phone that reads page by page, at times of its own. */
class Phone {
  replica = new Replica();
  readonly agent: string;
  /** What it has was complete, or began to be sent, then. */
  knownSince = 0;
  pages = 0;
  resets = 0;

  constructor(agent: string) {
    this.agent = agent;
  }

  async read(limit: number): Promise<boolean> {
    const first = this.replica.cursor === null;
    const delta = await page(this.agent, this.replica.cursor, limit);
    this.pages++;
    if (delta.reset.length > 0) {
      this.resets++;
      // A phone that reads on within the time that is promised is never sent back.
      expect(now - this.knownSince).toBeGreaterThanOrEqual(keptDays * dayMs);
    }
    if (first || delta.reset.length > 0 || !delta.more) this.knownSince = now;
    this.replica.apply(delta);
    return delta.more;
  }
}

test.each([1, 2, 3])(
  'tiny pages while rows move, leave and come back and tombstones are swept: every phone ends with the table (%i)',
  async (number) => {
    const { seed, random } = seededRandom(20_261_124 + number);
    console.log(`EKBAAR_TEST_SEED=${seed}`);
    const upTo = (most: number) => Math.floor(random() * most);
    const ids = Array.from({ length: 12 }, (_, at) => `t-${at}`);
    const agents = ['a01', 'a02'];
    const phones = [new Phone('a01'), new Phone('a02'), new Phone('a01')];
    const write = async () => {
      const [id = '', agentId = ''] = [ids[upTo(ids.length)], agents[upTo(2)]];
      const [found] = await ekbaar.query<{ id: string }>(sql`select id from deliveries where id = ${id}`);
      if (found === undefined) await addDelivery(ekbaar, { id, agentId });
      else if (random() < 0.5) await ekbaar.query(sql`delete from deliveries where id = ${id}`);
      else await ekbaar.query(sql`update deliveries set agent_id = ${agentId} where id = ${id}`);
      await ekbaar.server.engine.sweep();
    };
    let swept = 0;
    for (let step = 0; step < 260; step++) {
      const dice = random();
      if (dice < 0.35) await write();
      else if (dice < 0.85) await phones[upTo(phones.length)]?.read(1 + upTo(3));
      else if (dice < 0.98) {
        const before = await tombstones();
        await passDays(random() * 14);
        swept += before - (await tombstones());
      } else phones[upTo(phones.length)] = new Phone(agents[upTo(2)] ?? '');
    }
    expect(swept).toBeGreaterThan(0);
    for (const phone of phones) {
      for (let left = 100; await phone.read(2); left--) expect(left).toBeGreaterThan(0);
      const table = await ekbaar.query<{ id: string }>(
        sql`select id from deliveries where tenant = 'pennco' and agent_id = ${phone.agent} order by id`,
      );
      const held = [...phone.replica.rows.keys()].filter((key) => key.startsWith('deliveries/'));
      expect(held).toEqual(table.map(({ id }) => `deliveries/${id}`));
    }
    console.log(
      `${swept} tombstones swept, ${phones.map(({ pages, resets }) => `${pages} pages with ${resets} resets`).join(', ')}`,
    );
  },
);
