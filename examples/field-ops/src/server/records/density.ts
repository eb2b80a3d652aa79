import { type Database, reading, rowsOf, textArray } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import { Density, type TrafficKind } from '../../record-answers.ts';
import { inRegions } from './overseer.ts';
import { addDays, indiaDay } from '../../india-day.ts';
import { Day } from '../values.ts';
import { Choice, listed, type RecordsApp, recordRoute } from './record-route.ts';
import type { Traffic } from './traffic.ts';

const mostWeeks = 26;

/** How much happened by weekday and hour. */
export function densityRoute(app: RecordsApp, database: Database, traffic: Traffic, clock: () => Date): void {
  recordRoute(app, {
    ...{ method: 'get', path: '/density', summary: 'Confirmations, failures and sync requests by weekday and hour' },
    query: z.object({
      region: Choice,
      /** A Monday: only the week that begins with it. */
      week: z.optional(Day.check(z.regex(/^[1-8]/, 'a year before 9000'))),
      /** Without a week: the last so many. */
      weeks: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(mostWeeks)), 8),
    }),
    answer: Density,
    async run({ by, query }) {
      await traffic.settle(by.tenant);
      const regions = listed(query.region).filter((region) => region !== '');
      const week = mondayOf(query.week ?? indiaDay(clock()));
      const from = query.week === undefined ? addDays(week, -7 * (query.weeks - 1)) : week;
      const local = sql`(t.hour at time zone 'Asia/Kolkata')`;
      const own = sql`t.tenant = ${by.tenant} and ${inRegions(sql`t.region_id`, by)}`;
      return reading(database, by.tenant, async (tx) => {
        const rows = await rowsOf<{ kind: TrafficKind; slot: number; count: number; demo: boolean }>(
          tx,
          sql`select t.kind, (24 * (extract(isodow from ${local}) - 1) + extract(hour from ${local}))::int as slot,
                sum(t.count)::float8 as count, bool_or(t.demo) as demo
              from traffic_hours t where ${own}
                and ${local} >= ${from}::text::date and ${local} < ${addDays(week, 7)}::text::date
                ${regions.length === 0 ? sql`` : sql`and t.region_id = any(${textArray(regions)})`}
              group by 1, 2`,
        );
        const days = await rowsOf<{ day: string }>(
          tx,
          sql`select distinct ${local}::date::text as day from traffic_hours t where ${own} and t.count > 0 order by 1 desc`,
        );
        const places = await rowsOf<{ region: string }>(
          tx,
          sql`select distinct t.region_id as region from traffic_hours t where ${own} and t.region_id <> '' order by 1`,
        );
        const counted = days.map(({ day }) => day).filter((day) => day >= from && day < addDays(week, 7));
        return {
          counts: countsOf(rows),
          days: Array.from({ length: 7 }, (_, weekday) => counted.filter((day) => weekdayOf(day) === weekday).length),
          weeks: [...new Set(days.map(({ day }) => mondayOf(day)))].slice(0, mostWeeks),
          regions: places.map(({ region }) => region),
          demo: rows.some(({ demo }) => demo),
        };
      });
    },
  });
}

function countsOf(rows: readonly { kind: TrafficKind; slot: number; count: number }[]) {
  const none = () => Array.from({ length: 7 * 24 }, () => 0);
  const counts = { sync: none(), confirmed: none(), failed: none() };
  for (const { kind, slot, count } of rows) counts[kind][slot] = Number(count);
  return counts;
}

/** 0 is Monday. */
export function weekdayOf(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** The Monday of a day's week. */
function mondayOf(day: string): string {
  return addDays(day, -weekdayOf(day));
}
