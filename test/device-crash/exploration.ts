import type { CrashDisk, Death } from './crash-disk.ts';
import type { CrashPoint } from './crash-point.ts';
import { CrashWorld, type Plant } from './crash-world.ts';
import { recovery } from './recovery.ts';
import { Uses } from './uses.ts';
import { type Violation, violationsIn } from './violations.ts';
import type { Workload } from './workloads.ts';

/** A point at which a workload dies in one way; and one at which what comes after that dies, too. */
export interface Visit {
  readonly workload: Workload;
  readonly point: CrashPoint;
  readonly death: Death;
  readonly second?: Second;
}

interface Second {
  readonly point: CrashPoint;
  readonly death: Death;
}

/** An invariant that did not hold after a visit. */
export interface Finding extends Violation {
  readonly visit: Visit;
}

export interface ExplorationOptions {
  readonly workloads: readonly Workload[];
  readonly disk: () => CrashDisk;
  readonly plant?: Plant;
  /** True: every point dies in every way. Otherwise each place once, in one way, the next place in the next. */
  readonly everyPoint?: boolean;
  /** Only each so manieth place is visited. Default: 1, all. */
  readonly every?: number;
  /** What comes after a death dies, too, at each so manieth place that it had not come to before. Default: 0, never. */
  readonly secondEvery?: number;
  /** Told when a workload is done, of all until then. */
  readonly tell?: (workload: Workload, until: Explored) => void;
  /** Ends the exploration before its end, with what was found until then. */
  readonly stopAt?: (finding: Finding) => boolean;
}

/** What an exploration has come to. */
export interface Explored {
  /** Things that were asked of the store, before and after each, in all workloads. */
  readonly points: number;
  /** Those of them that are not the same as another: with all that their transaction asked before. */
  readonly places: number;
  /** Places at which something has died. */
  readonly placesVisited: number;
  readonly planned: number;
  readonly visited: number;
  /** Places of what comes after a death, and those at which it died. */
  readonly placesAfter: number;
  readonly placesAfterVisited: number;
  readonly plannedSecond: number;
  readonly visitedSecond: number;
  /** Visits whose point did not come again. */
  readonly missed: readonly Visit[];
  readonly findings: readonly Finding[];
  /** Public operations that no workload uses. */
  readonly unused: readonly string[];
}

/** Finds out what workloads ask of their store, and has them die at each point of it. */
export async function explore(options: ExplorationOptions): Promise<Explored> {
  const exploration = new Exploration(options);
  try {
    for (const workload of options.workloads) {
      await exploration.explore(workload);
      options.tell?.(workload, exploration.result());
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  return exploration.result();
}

/** What a browser does side by side comes in another order now and then, and with it other points. */
const mostTries = 5;

class Stop extends Error {}

class Exploration {
  readonly #options: ExplorationOptions;
  readonly #uses = new Uses();
  readonly #places = new Set<string>();
  readonly #placesVisited = new Set<string>();
  readonly #placesAfter = new Set<string>();
  readonly #placesAfterVisited = new Set<string>();
  readonly #missed: Visit[] = [];
  readonly #findings: Finding[] = [];
  #points = 0;
  #planned = 0;
  #visited = 0;
  #plannedSecond = 0;
  #visitedSecond = 0;

  constructor(options: ExplorationOptions) {
    this.#options = options;
  }

  result(): Explored {
    return {
      points: this.#points,
      places: this.#places.size,
      placesVisited: this.#placesVisited.size,
      planned: this.#planned,
      visited: this.#visited,
      placesAfter: this.#placesAfter.size,
      placesAfterVisited: this.#placesAfterVisited.size,
      plannedSecond: this.#plannedSecond,
      visitedSecond: this.#visitedSecond,
      missed: this.#missed,
      findings: this.#findings,
      unused: this.#uses.missing,
    };
  }

  async explore(workload: Workload): Promise<void> {
    const { everyPoint = false, every = 1 } = this.#options;
    const points = await this.#discover(workload);
    this.#points += points.length;
    for (const point of points) {
      const known = this.#places.has(point.place);
      this.#places.add(point.place);
      if (everyPoint) for (const death of point.deaths) await this.#visit({ workload, point, death });
      else if (!known && this.#places.size % every === 0) {
        await this.#visit({ workload, point, death: inTurn(point.deaths, this.#planned) });
      }
    }
  }

  /** The points of a workload in which nothing dies: the same ones twice. */
  async #discover(workload: Workload): Promise<CrashPoint[]> {
    let before = '';
    for (let tries = 0; tries < 4; tries += 1) {
      const world = this.#world();
      const points: CrashPoint[] = [];
      await world.watching(record(points), (alive) => workload.run(alive));
      const [violation] = await this.#recover(world, []);
      if (violation) throw new Error(`"${workload.name}" breaks by itself: ${violation.invariant} ${violation.what}`);
      const places = points.map(({ place }) => place).sort();
      if (places.join('\n') === before) return points;
      before = places.join('\n');
    }
    throw new Error(`"${workload.name}" asks something else each time`);
  }

  async #visit(visit: Visit): Promise<void> {
    this.#planned += 1;
    const world = await this.#dieAt(visit);
    if (!world) return;
    this.#visited += 1;
    this.#placesVisited.add(visit.point.place);
    const points: CrashPoint[] = [];
    await this.#judge(world, visit, points);
    for (const second of this.#secondDeaths(points)) await this.#visitTwice({ ...visit, second });
  }

  #secondDeaths(points: readonly CrashPoint[]): Second[] {
    const { everyPoint = false, secondEvery = 0 } = this.#options;
    if (secondEvery === 0) return [];
    const chosen: Second[] = [];
    for (const point of points) {
      if (this.#placesAfter.has(point.place)) continue;
      this.#placesAfter.add(point.place);
      if (this.#placesAfter.size % secondEvery !== 0) continue;
      const deaths = everyPoint ? point.deaths : [inTurn(point.deaths, this.#placesAfter.size)];
      for (const death of deaths) chosen.push({ point, death });
    }
    if (everyPoint && chosen.length === 0) {
      const point = inTurn(points, this.#plannedSecond);
      chosen.push({ point, death: inTurn(point.deaths, this.#plannedSecond) });
    }
    return chosen;
  }

  /** The same death again, and another one while what comes after it is under way. */
  async #visitTwice(visit: Visit & { readonly second: Second }): Promise<void> {
    this.#plannedSecond += 1;
    let died: Death | undefined;
    for (let tries = 0; !died && tries < mostTries; tries += 1) {
      const world = await this.#dieAt(visit);
      if (!world) return;
      died = await world.watching(at(visit.second), recovery);
      await this.#judge(world, visit, []);
    }
    if (died) {
      this.#visitedSecond += 1;
      this.#placesAfterVisited.add(visit.second.point.place);
    } else this.#missed.push(visit);
  }

  /** @returns the world after the death, or nothing when its point did not come again. */
  async #dieAt(visit: Visit): Promise<CrashWorld | undefined> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const world = this.#world();
      if (await world.watching(at(visit), (alive) => visit.workload.run(alive))) return world;
      await world.end();
    }
    this.#missed.push(visit);
    return undefined;
  }

  /** Starts the phone again, and sees what the invariants say. */
  async #judge(world: CrashWorld, visit: Visit, points: CrashPoint[]): Promise<void> {
    for (const violation of await this.#recover(world, points)) {
      const finding = { ...violation, visit };
      this.#findings.push(finding);
      if (this.#options.stopAt?.(finding)) throw new Stop();
    }
  }

  async #recover(world: CrashWorld, points: CrashPoint[]): Promise<readonly Violation[]> {
    try {
      await world.watching(record(points), recovery);
      return await violationsIn(world);
    } catch (error) {
      return [{ invariant: 'usable', what: error instanceof Error ? (error.stack ?? '') : String(error) }];
    } finally {
      await world.end();
    }
  }

  #world(): CrashWorld {
    return new CrashWorld(this.#options.disk(), this.#uses, this.#options.plant);
  }
}

function at({ point, death }: { point: CrashPoint; death: Death }): (met: CrashPoint) => Death | undefined {
  return ({ place, nth }) => (place === point.place && nth === point.nth ? death : undefined);
}

function record(points: CrashPoint[]): (point: CrashPoint) => undefined {
  return (point) => {
    points.push(point);
    return undefined;
  };
}

function inTurn<T>(all: readonly T[], turn: number): T {
  const one = all[turn % all.length];
  if (one === undefined) throw new Error('there is nothing to choose from');
  return one;
}
