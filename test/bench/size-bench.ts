import { startBenchPostgres } from './bench-database.ts';
import { publishAll } from './contest-databases.ts';
import { type Contestant, contestants } from './contestants.ts';
import { fillHistory, warm } from './history.ts';
import { batchSize, wholeDays } from './plan.ts';
import { type Round, runRound } from './round.ts';
import { median } from './push-table.ts';
import { seedApp } from './seed.ts';

export interface SizeOptions {
  /** Deliveries in the small and in the large database. */
  readonly sizes: readonly [small: number, large: number];
  readonly rounds: number;
  /** Requests that each round measures, after half as many for warming up. */
  readonly requests: { readonly single: number; readonly batch: number };
  readonly connections: number;
  readonly regions: number;
  readonly seed: number;
  readonly print: (line: string) => void;
}

/** Requests of one kind, with how many confirmations each round measures and warms up with. */
interface Course {
  readonly contestant: Contestant;
  readonly measured: number;
  readonly warmUp: number;
}

const patienceSeconds = 120;

export interface SizeResult {
  readonly title: string;
  /** Median milliseconds of a push, over the rounds' medians. */
  readonly small: number;
  readonly large: number;
  readonly ratio: number;
}

/** Measures in turns how long a push takes on a small and on a large database that are otherwise the same. */
export async function sizeBench(options: SizeOptions): Promise<SizeResult[]> {
  const { print, sizes, regions, rounds } = options;
  const courses = ['ekbaar-single', 'ekbaar-sync'].map((name) => courseOf(name, options.requests));
  const perRound = courses.reduce((sum, course) => sum + sliceOf(course), 0);
  if (perRound * rounds > sizes[0])
    throw new RangeError(`${rounds} rounds confirm up to ${perRound * rounds} deliveries: more than ${sizes[0]}`);
  const database = await startBenchPostgres({ profiled: false });
  try {
    const empty = await database.create('bench_empty');
    await seedApp(empty, { deliveries: 0, regions });
    await publishAll(empty);
    const copies: { deliveries: number; url: string; medians: Map<Course, Round[]> }[] = [];
    for (const deliveries of sizes) {
      const started = performance.now();
      const url = await database.create(`bench_${deliveries}`, 'bench_empty');
      await fillHistory(url, { deliveries, regions, confirmed: deliveries - perRound * rounds });
      const seconds = Math.round((performance.now() - started) / 1000);
      print(`${deliveries} deliveries, their receipts and lines: filled in ${seconds} s`);
      copies.push({ deliveries, url, medians: new Map(courses.map((course) => [course, []])) });
    }
    for (const { url } of copies) await warm(url);
    for (let round = 0; round < rounds; round++) {
      let used = perRound * round;
      for (const course of courses) {
        for (const { deliveries, url, medians } of copies) {
          const result = await runRound(database, {
            ...{ contestant: course.contestant, databaseUrl: url, gunicorn: { processes: 1, threads: 1 } },
            ...{ connections: options.connections, seed: options.seed + round },
            slice: { from: deliveries - perRound * rounds + used, count: sliceOf(course) },
            warmUp: { confirmations: course.warmUp, seconds: patienceSeconds },
            measured: { confirmations: course.measured, seconds: patienceSeconds },
          });
          medians.get(course)?.push(result);
          print(
            `round ${round + 1}  ${course.contestant.title.padEnd(20)} ${String(deliveries).padStart(9)} rows: ` +
              `${result.p50.toFixed(1)} ms at the median, ${result.p95.toFixed(1)} at the 95th percentile`,
          );
        }
        used += sliceOf(course);
      }
    }
    return courses.map((course) => {
      const [small = Number.NaN, large = Number.NaN] = copies.map(({ medians }) =>
        median(medians.get(course) ?? [], 'p50'),
      );
      return { title: course.contestant.title, small, large, ratio: large / small };
    });
  } finally {
    await database.stop();
  }
}

function courseOf(name: string, requests: SizeOptions['requests']): Course {
  const contestant = contestants.find((one) => one.name === name);
  if (contestant === undefined) throw new TypeError(`there is no contestant ${name}`);
  const measured = contestant.kind === 'single' ? requests.single : requests.batch * batchSize;
  return { contestant, measured, warmUp: measured / 2 };
}

function sliceOf({ measured, warmUp }: Course): number {
  return wholeDays(measured + warmUp);
}
