import { jsonParameter, type Queryable } from '@ekbaar/server';
import { asc, eq, sql } from 'drizzle-orm';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { operators } from '../operators.ts';
import { agentPositions, agents, agentTrack } from '../tables.ts';
import { addDays } from '../../india-day.ts';
import { weekdayOf } from './density.ts';
import { trafficHours } from './tables.ts';

const weeks = 8;
/** How much of a weekday's work is done in each hour, from what operations report: 10 to 14 and 16 to 19, little at night. */
const hours = [0, 0, 0, 0, 0, 0, 1, 6, 22, 48, 96, 100, 97, 88, 41, 38, 80, 92, 74, 33, 14, 6, 2, 1];
const weekdays = [1.08, 1.02, 1, 0.97, 1.05, 0.55, 0.18];
/** Degrees, WGS 84, of the districts' towns. */
const towns: Readonly<Record<string, readonly [lat: number, lng: number]>> = {
  ...{ Gaya: [24.796, 85.007], Nalanda: [25.197, 85.518], Muzaffarpur: [26.121, 85.391] },
  ...{ Nashik: [19.998, 73.79], Solapur: [17.66, 75.906], Latur: [18.409, 76.56] },
  ...{ Madurai: [9.925, 78.12], Salem: [11.664, 78.146], Villupuram: [11.939, 79.493] },
};

/**
 * Weeks of made-up density before the demo day, marked as such, and where the demo day's agents were in its morning (just
 * now, when it is earlier): so that the console has something to show at the first start. Does nothing where there are
 * agents' positions or hours already.
 *
 * @param date the demo day, `YYYY-MM-DD`
 * @param now after which no position is: where a phone says to be counts only when it is later than what is known
 */
export async function seedHistory(db: Queryable, date: string, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${trafficHours} in share row exclusive mode`);
    if ((await tx.select({ hour: trafficHours.hour }).from(trafficHours).limit(1)).length > 0) return;
    const generator = xoroshiro128plus(20_261_122);
    const below = (count: number) => uniformInt(generator, 0, count - 1);
    const start = Math.min(new Date(`${date}T08:30:00+05:30`).getTime(), now.getTime() - walkMs);
    for (const operator of operators) {
      const { tenant } = operator;
      const people = await tx.select().from(agents).where(eq(agents.tenant, tenant)).orderBy(asc(agents.id));
      const regions = [...new Set(people.map(({ regionId }) => regionId))].toSorted();
      await insertHours(tx, tenant, hoursOf(regions, date, below));
      const first = people.slice(0, operator.districts.length).map(({ regionId }) => regionId);
      const townOf = new Map(first.map((regionId, at) => [regionId, towns[operator.districts[at] ?? '']]));
      const walks = people.flatMap((agent) => {
        const town = townOf.get(agent.regionId);
        return town === undefined ? [] : [{ agent, points: walk(town, start, below) }];
      });
      if (walks.length > 0) await insertWalks(tx, walks);
    }
  });
}

interface Hour {
  readonly hour: string;
  readonly kind: string;
  readonly regionId: string;
  readonly count: number;
}

function hoursOf(regions: readonly string[], date: string, below: (count: number) => number): Hour[] {
  const found: Hour[] = [];
  for (let back = 7 * weeks; back > 0; back--) {
    const day = addDays(date, -back);
    // Some days are better than others, and the work has grown.
    const ofDay = (weekdays[weekdayOf(day)] ?? 1) * (0.9 + below(21) / 100) * (1 - back / 400);
    for (const [place, regionId] of regions.entries()) {
      const ofPlace = ofDay * (1 - 0.22 * place);
      for (const [at, share] of hours.entries()) {
        const noise = () => 0.86 + below(29) / 100;
        const confirmed = Math.round(0.9 * share * ofPlace * noise());
        const hour = `${day}T${String(at).padStart(2, '0')}:00:00+05:30`;
        const counts = {
          confirmed,
          failed: Math.round(confirmed * (0.03 + below(5) / 100)),
          sync: Math.round(confirmed * 4.2 * noise()) + below(3),
        };
        for (const [kind, count] of Object.entries(counts)) if (count > 0) found.push({ hour, kind, regionId, count });
      }
    }
  }
  return found;
}

async function insertHours(tx: Queryable, tenant: string, rows: readonly Hour[]): Promise<void> {
  await tx.execute(
    sql`insert into ${trafficHours} (tenant, hour, kind, region_id, count, demo)
        select ${tenant}, h.hour, h.kind, h."regionId", h.count, true
        from json_to_recordset(${jsonParameter(rows)}) as h (hour timestamptz, kind text, "regionId" text, count int)`,
  );
}

interface Point {
  readonly lat: number;
  readonly lng: number;
  readonly accuracyM: number;
  readonly at: Date;
}

const walkSteps = 14;
const stepMinutes = 10;
/** No walk takes longer. */
const walkMs = walkSteps * stepMinutes * 60_000;

/** A morning on the road, from near a town outwards. */
function walk([lat, lng]: readonly [number, number], start: number, below: (count: number) => number): Point[] {
  const angle = (below(360) * Math.PI) / 180;
  const from = 0.04 + below(160) / 1000;
  return Array.from({ length: walkSteps }, (_, step) => {
    const turn = angle + step * 0.06 + below(100) / 1500;
    const away = from + step * 0.008 + below(100) / 20_000;
    return {
      lat: lat + away * Math.sin(turn),
      lng: lng + away * Math.cos(turn),
      accuracyM: 6 + below(30),
      at: new Date(start + (step * stepMinutes + below(8)) * 60_000),
    };
  });
}

type Walk = { readonly agent: { tenant: string; id: string; regionId: string }; readonly points: readonly Point[] };

async function insertWalks(tx: Queryable, walks: readonly Walk[]): Promise<void> {
  const track = walks.flatMap(({ agent, points }) =>
    points.map((point) => ({
      tenant: agent.tenant,
      agentId: agent.id,
      key: crypto.randomUUID(),
      demo: true,
      ...point,
    })),
  );
  for (let at = 0; at < track.length; at += 500)
    await tx
      .insert(agentTrack)
      .values(track.slice(at, at + 500))
      .onConflictDoNothing();
  const last = walks.flatMap(({ agent: { tenant, id, regionId }, points }) => {
    const point = points.at(-1);
    return point === undefined ? [] : [{ tenant, agentId: id, regionId, ...point }];
  });
  for (let at = 0; at < last.length; at += 500)
    await tx
      .insert(agentPositions)
      .values(last.slice(at, at + 500))
      .onConflictDoNothing();
}
