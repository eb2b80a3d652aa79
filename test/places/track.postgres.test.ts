import { type Database, openDatabase } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepTrackPartitions } from '../../examples/field-ops/src/server/places/track-partitions.ts';
import { fieldOpsServer } from '@ekbaar/field-ops/server';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';

describe.each(['PostgreSQL', 'PGlite'])('the months of agent_track on %s', (kind) => {
  let fresh: FreshDatabase | undefined;
  let database: Database;
  let close: () => Promise<void>;

  beforeAll(async () => {
    fresh = kind === 'PGlite' ? undefined : await freshDatabase();
    database = await openDatabase({ url: fresh?.url });
    const log = { info() {}, error() {} };
    const server = fieldOpsServer(database, { secret: crypto.randomUUID() }, { platform: { log } });
    await server.start();
    close = () => server.close();
  });

  afterAll(async () => {
    await close();
    await fresh?.drop();
  });

  const rows = async <Row>(statement: ReturnType<typeof sql>) => {
    const result: unknown = await database.db.execute(statement);
    return (Array.isArray(result) ? result : (result as { rows: unknown[] }).rows) as Row[];
  };
  const ping = (at: string) =>
    database.db.execute(sql`insert into agent_track (tenant, agent_id, key, lat, lng, accuracy_m, at)
      values ('pennco', 'a01', gen_random_uuid(), 24.8, 85, 10, ${at}::timestamptz)`);
  const months = async () =>
    Object.fromEntries(
      (
        await rows<{ name: string; n: number }>(
          sql`select tableoid::regclass::text as name, count(*)::int as n from agent_track group by 1 order by 1`,
        )
      ).map(({ name, n }) => [name, n]),
    );

  test('before any month is made, pings are taken', async () => {
    await ping('2026-11-20T06:00:00Z');
    await ping('2026-10-02T06:00:00Z');
    await ping('2001-01-01T00:00:00Z');
    expect(await months()).toEqual({ agent_track_default: 3 });
  });

  test('months are made in advance, take what is theirs already, and may be asked for again', async () => {
    const first = await keepTrackPartitions(database.db, new Date('2026-11-26T10:00:00Z'), 92);
    expect(first.made).toEqual(['agent_track_2026_11', 'agent_track_2026_12', 'agent_track_2027_01']);
    expect(await keepTrackPartitions(database.db, new Date('2026-11-26T10:00:00Z'), 92)).toEqual({
      ...{ made: [], dropped: [] },
    });
    // A clock of 2001 is older than what is kept; a phone that was offline since October is not.
    expect(await months()).toEqual({ agent_track_2026_11: 1, agent_track_default: 1 });
    await ping('2026-11-30T23:59:59.999Z');
    await ping('2026-12-01T00:00:00Z');
    expect(await months()).toEqual({ agent_track_2026_11: 2, agent_track_2026_12: 1, agent_track_default: 1 });
  });

  test('two that come to it at once do not get in each other’s way', async () => {
    const now = new Date('2027-01-15T00:00:00Z');
    const both = await Promise.all([
      keepTrackPartitions(database.db, now, 92),
      keepTrackPartitions(database.db, now, 92),
    ]);
    expect(both.flatMap(({ made }) => made)).toEqual(['agent_track_2027_02', 'agent_track_2027_03']);
  });

  test('a month goes when its last day is too old, and not a day before', async () => {
    const kept = 92;
    const before = await keepTrackPartitions(database.db, new Date('2027-03-02T23:00:00Z'), kept);
    expect(before.dropped).toEqual([]);
    expect(await months()).toMatchObject({ agent_track_2026_11: 2 });
    const after = await keepTrackPartitions(database.db, new Date('2027-03-03T00:00:00Z'), kept);
    expect(after.dropped).toEqual(['agent_track_2026_11']);
    expect(await months()).toEqual({ agent_track_2026_12: 1 });
  });

  test('the key of a ping is looked up by index, in every month', async () => {
    await database.db.execute(sql`set enable_seqscan = off`);
    const plan = await rows<Record<string, string>>(
      sql`explain select at from agent_track where tenant = 'pennco' and agent_id = 'a01' and key = ${crypto.randomUUID()}`,
    );
    const text = JSON.stringify(plan);
    await database.db.execute(sql`reset enable_seqscan`);
    expect(text).toContain('Index');
    expect(text).not.toContain('Seq Scan');
  });
});
