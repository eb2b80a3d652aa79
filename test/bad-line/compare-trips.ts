import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { FreshDatabase } from '../support/postgres.ts';
import { makeTrip, type Plan, type Trip, type Weather } from './field-trip.ts';

export interface Comparison {
  readonly clean: Trip;
  readonly bad: Trip;
  /** What does not hold, in words; nothing is what one wants to see. */
  readonly broken: readonly string[];
}

export interface ComparisonOptions {
  readonly seed: number;
  readonly plan: Plan;
  readonly interruptions: number;
  readonly line: Omit<Weather, 'interruptedAfter'>;
  readonly freshDatabase: () => Promise<FreshDatabase>;
}

const goodLine: Weather = { latencyMs: 0, bytesPerSecond: Infinity, cutsPerHundred: 0, interruptedAfter: [] };

/** The same work over a good line and over a bad one. */
export async function compareTrips({
  seed,
  plan,
  interruptions,
  line,
  freshDatabase,
}: ComparisonOptions): Promise<Comparison> {
  const generator = xoroshiro128plus(seed);
  const random = () => uniformFloat64(generator);
  const trip = async (weather: Weather) => {
    const database = await freshDatabase();
    try {
      return await makeTrip(plan, weather, database, random);
    } finally {
      await database.drop();
    }
  };
  const clean = await trip(goodLine);
  // Spread over a part of what a clean pass needs: all of them come before it can be over, also on a busy machine.
  const parts = Array.from({ length: interruptions }, () => 0.2 + random());
  const whole = parts.reduce((sum, part) => sum + part, 0);
  const bytes = (clean.sent + clean.received) * 0.6;
  const bad = await trip({ ...line, interruptedAfter: parts.map((part) => (bytes * part) / whole) });
  return { clean, bad, broken: [...brokenIn('clean', clean, plan, 0), ...brokenIn('bad', bad, plan, interruptions)] };
}

function brokenIn(name: string, trip: Trip, { confirmations, rows }: Plan, interruptions: number): string[] {
  const { books } = trip;
  const holds: Record<string, boolean> = {
    'every interruption came before the end': trip.interruptions === interruptions,
    'the phone has every row': trip.shown.length === rows,
    'the phone shows what the server has': trip.shown.join() === trip.rows.join(),
    'every confirmation was applied': trip.outcomes.filter((state) => state === 'applied').length === confirmations,
    'every confirmation has one receipt':
      books.receipts['applied'] === confirmations && Object.keys(books.receipts).length === 1,
    'every confirmation took effect once': books.confirmed === confirmations && books.unbalanced === 0,
    'debits equal credits': books.debitPaise === books.creditPaise && books.debitPaise > 0,
  };
  return Object.entries(holds).flatMap(([what, held]) => (held ? [] : [`${name}: not true that ${what}`]));
}

export function inWords({ clean, bad, broken }: Comparison): string[] {
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(0)} kB`;
  const line = (name: string, { sent, received, requests, streams, cut, interruptions, seconds }: Trip) =>
    `${name}: ${kilobytes(sent)} sent, ${kilobytes(received)} received in ${requests} requests (${streams} of them for the stream of pokes; ${cut} cut), ${interruptions} interruptions, ${seconds.toFixed(0)} s`;
  const times = (part: 'sent' | 'received') => (bad[part] / clean[part]).toFixed(2);
  return [
    line('a good line', clean),
    line('a bad line', bad),
    `against one clean pass: ${times('sent')} times the bytes sent, ${times('received')} times the bytes received`,
    ...broken,
    broken.length === 0 ? 'everything arrived, once' : `${broken.length} things do not hold`,
  ];
}
