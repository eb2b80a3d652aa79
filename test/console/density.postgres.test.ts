import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FieldOps } from '../support/field-ops.ts';
import { type Page, type Records, startRecords } from './records.ts';

let records: Records;
let ekbaar: FieldOps;
let tokens: Records['tokens'];
beforeAll(async () => {
  records = await startRecords();
  ({ ekbaar, tokens } = records);
});
afterAll(() => records.close());

describe('density', () => {
  interface Density {
    readonly counts: Record<'sync' | 'confirmed' | 'failed', number[]>;
    readonly days: number[];
    readonly weeks: string[];
    readonly demo: boolean;
  }
  const sum = (counts: number[] | undefined) => (counts ?? []).reduce((all, count) => all + count, 0);

  test('has sync requests, confirmations and failures in the hour and weekday of India', async () => {
    records.clock.now = new Date('2026-11-23T04:35:00Z'); // Monday, 10:05
    const before = await records.get<Density>('/density?weeks=1');
    for (let times = 0; times < 3; times++) await ekbaar.sync(tokens.agent);
    const { rows } = await records.get<Page>('/deliveries?status=pending&agent=a01&limit=2');
    for (const { id } of rows) await records.confirm(id);
    records.clock.now = new Date('2026-11-23T04:36:00Z');
    const [failing] = (await records.get<Page>('/deliveries?status=pending&agent=a01&limit=1')).rows;
    const body = { deliveryId: failing?.id, reason: 'road_blocked' };
    await ekbaar.post('/v1/mutations/failDelivery', tokens.agent, body, { 'idempotency-key': crypto.randomUUID() });
    const after = await records.get<Density>('/density?weeks=1');
    const monday10 = 10;
    expect(after.counts.sync[monday10]).toBe((before.counts.sync[monday10] ?? 0) + 3);
    expect(after.counts.failed[monday10]).toBeGreaterThanOrEqual(1);
    expect(after.weeks).toContain('2026-11-23');
    expect(after.demo).toBe(false);
    // Asked again, nothing is counted twice.
    records.clock.now = new Date('2026-11-23T04:40:00Z');
    const again = await records.get<Density>('/density?weeks=1');
    expect(again.counts).toEqual(after.counts);
    expect(sum((await records.get<Density>('/density?weeks=1', tokens.vishi)).counts.sync)).toBe(0);
    expect(sum((await records.get<Density>('/density?region=IN-BR-99')).counts.sync)).toBe(0);
    expect(sum((await records.get<Density>('/density?weeks=1', tokens.region)).counts.sync)).toBe(
      sum(after.counts.sync),
    );
    const elsewhere = await ekbaar.token('ops-region', 'ops', 'pennco', { regions: ['IN-BR-99'] });
    expect(sum((await records.get<Density>('/density', elsewhere)).counts.sync)).toBe(0);
  });

  test('a row for each hour and region, however many requests', async () => {
    const rows = await ekbaar.query<{ kind: string; count: number }>(
      sql`select kind, count from traffic_hours where tenant = 'pennco' and kind = 'sync'`,
    );
    expect(rows.length).toBeLessThan(6);
  });
});
