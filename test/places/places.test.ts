import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';

interface Route {
  stops: { village: string; lat: number; deliveryIds: string[]; kilometres: number }[];
  kilometres: number;
  unplaced: string[];
}

let ekbaar: FieldOps;
beforeAll(async () => {
  ekbaar = await startFieldOps();
});
afterAll(() => ekbaar.close());

describe('places', () => {
  test('an agent learns where the own villages are, and of no others', async () => {
    const { status, body } = await ekbaar.get('/api/v1/places', await ekbaar.token('a01', 'agent'));
    expect(status).toBe(200);
    const { places } = body as { places: { village: string; pincode: string; lat: number; precision: string }[] };
    const own = await ekbaar.query<{ village: string; pincode: string }>(
      sql`select distinct village, pincode from deliveries where tenant = 'pennco' and agent_id = 'a01'`,
    );
    const names = (of: readonly { village: string; pincode: string }[]) =>
      of.map(({ village, pincode }) => `${village} ${pincode}`).toSorted();
    expect(names(places)).toEqual(names(own));
    // Bihar.
    for (const { lat } of places)
      expect(Math.round(lat)).toSatisfy((degrees: number) => degrees >= 24 && degrees <= 27);
  });

  test('settlement has nothing to look for on the map', async () => {
    const { status } = await ekbaar.get('/api/v1/places', await ekbaar.token('night', 'settlement'));
    expect(status).toBe(403);
  });

  test('ops learn of the villages of their regions', async () => {
    const [region] = await ekbaar.query<{ id: string; villages: number }>(
      sql`select region_id as id, count(distinct (village, pincode))::int as villages from deliveries where tenant = 'pennco' group by 1 order by 1 limit 1`,
    );
    const some = await ekbaar.token('ops', 'ops', 'pennco', { regions: [region?.id] });
    const { places } = (await ekbaar.get('/api/v1/places', some)).body as { places: unknown[] };
    expect(places).toHaveLength(region?.villages ?? -1);
    const none = await ekbaar.token('ops', 'ops', 'pennco', { regions: [] });
    expect((await ekbaar.get('/api/v1/places', none)).body).toEqual({ places: [] });
  });
});

describe('the route of an agent', () => {
  test('has for ops of a region no delivery of another one, though the agent has it', async () => {
    const [agent] = await ekbaar.query<{ region: string }>(
      sql`select region_id as region from agents where tenant = 'salesco' and id = 'a01'`,
    );
    const [elsewhere] = await ekbaar.query<{ id: string }>(
      sql`update deliveries set region_id = 'elsewhere' where tenant = 'salesco' and id = (
            select id from deliveries where tenant = 'salesco' and agent_id = 'a01' and status = 'pending' order by id limit 1)
          returning id`,
    );
    const seen = async (sub: string, role: string, regions: string[]) => {
      const token = await ekbaar.token(sub, role, 'salesco', { regions });
      const { stops, unplaced } = (await ekbaar.get('/api/v1/agents/a01/route', token)).body as Route;
      return [...stops.flatMap(({ deliveryIds }) => deliveryIds), ...unplaced];
    };
    const own = await seen('a01', 'agent', []);
    expect(own).toContain(elsewhere?.id);
    expect((await seen('ops', 'ops', ['*'])).toSorted()).toEqual(own.toSorted());
    const regional = await seen('east', 'ops', [agent?.region ?? '']);
    expect(regional.toSorted()).toEqual(own.filter((id) => id !== elsewhere?.id).toSorted());
  });

  test('has every delivery that is to be done, once, and says how far it is', async () => {
    const { body } = await ekbaar.get('/api/v1/agents/a01/route', await ekbaar.token('a01', 'agent'));
    const { stops, kilometres, unplaced } = body as Route;
    const todo = await ekbaar.query<{ id: string }>(
      sql`select id from deliveries where tenant = 'pennco' and agent_id = 'a01' and status in ('pending', 'failed')`,
    );
    expect([...stops.flatMap(({ deliveryIds }) => deliveryIds), ...unplaced].toSorted()).toEqual(
      todo.map(({ id }) => id).toSorted(),
    );
    expect(kilometres).toBeCloseTo(stops.reduce((sum, stop) => sum + stop.kilometres, 0));
    const before = await ekbaar.get('/api/v1/agents/a01/route?date=2020-01-01', await ekbaar.token('a01', 'agent'));
    expect(before.body).toMatchObject({ stops: [], unplaced: [] });
  });

  test('is no other agent’s, no other region’s and no other operator’s', async () => {
    const regionOf = async (id: string) =>
      (
        await ekbaar.query<{ region: string }>(
          sql`select region_id as region from agents where tenant = 'pennco' and id = ${id}`,
        )
      )[0]?.region;
    const status = async (token: string, id = 'a01') => (await ekbaar.get(`/api/v1/agents/${id}/route`, token)).status;
    expect(await status(await ekbaar.token('a02', 'agent'))).toBe(404);
    expect(await status(await ekbaar.token('o', 'ops', 'pennco', { regions: [await regionOf('a02')] }))).toBe(404);
    expect(await status(await ekbaar.token('o', 'ops', 'pennco', { regions: [await regionOf('a01')] }))).toBe(200);
    expect(await status(await ekbaar.token('o', 'ops', 'pennco', { regions: ['*'] }), 'nobody')).toBe(404);
    expect(await status(await ekbaar.token('o', 'ops', 'pennco', { regions: ['*'] }), 'a01%00')).toBe(404);
    const foreign = (await ekbaar.get('/api/v1/agents/a01/route', await ekbaar.token('a01', 'agent', 'vishi')))
      .body as Route;
    const own = (await ekbaar.get('/api/v1/agents/a01/route', await ekbaar.token('a01', 'agent'))).body as Route;
    expect(foreign.stops[0]?.village).not.toBe(own.stops[0]?.village);
    expect(await status(await ekbaar.token('o', 'ops', 'nobody'))).toBe(404);
  });
});

test('a ping that comes a second time leaves one trace, whatever the time in it', async () => {
  const token = await ekbaar.token('a01', 'agent');
  const key = { 'idempotency-key': crypto.randomUUID() };
  const future = { lat: 24.8, lng: 85, accuracyM: 10, at: '2099-01-01T00:00:00Z' };
  await ekbaar.post('/api/v1/agents/a01/location', token, future, key);
  await ekbaar.post('/api/v1/agents/a01/location', token, future, key);
  expect(await ekbaar.query(sql`select from agent_track where key = ${key['idempotency-key']}`)).toHaveLength(1);
});

test('a made-up position gives way to any real one, a real one only to a later one', async () => {
  await ekbaar.query(
    sql`insert into agent_track (tenant, agent_id, key, lat, lng, accuracy_m, at, demo)
        values ('pennco', 'a02', ${crypto.randomUUID()}, 25, 85, 10, '2026-11-22T10:00:00.123Z', true)`,
  );
  await ekbaar.query(
    sql`insert into agent_positions (tenant, agent_id, lat, lng, accuracy_m, at, region_id)
        select tenant, id, 25, 85, 10, '2026-11-22T10:00:00.123Z', region_id
        from agents where tenant = 'pennco' and id = 'a02'`,
  );
  const token = await ekbaar.token('a02', 'agent');
  const positionAfter = async (lat: number, at: string) => {
    const body = { lat, lng: 85, accuracyM: 10, at };
    expect((await ekbaar.post('/api/v1/agents/a02/location', token, body)).status).toBe(200);
    const [position] = await ekbaar.query<{ lat: number }>(
      sql`select lat from agent_positions where tenant = 'pennco' and agent_id = 'a02'`,
    );
    return position?.lat;
  };
  expect(await positionAfter(26, '2026-11-22T08:00:00Z')).toBe(26);
  expect(await positionAfter(27, '2026-11-22T07:00:00Z')).toBe(26);
  expect(await positionAfter(28, '2026-11-22T09:00:00Z')).toBe(28);
});
